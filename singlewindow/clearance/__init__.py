"""The use cases, each one transaction: lodge, dispatch, assess, decide; and what the outside reads of them."""
