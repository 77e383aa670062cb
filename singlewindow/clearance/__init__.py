"""The use cases, each in one transaction: lodge, dispatch, assess, decide."""
