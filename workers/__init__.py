"""The processes behind the web: the dispatcher, the queue workers, and the supervisor that keeps them all alive."""
