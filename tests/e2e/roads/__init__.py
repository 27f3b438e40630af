"""The ways on which a slot's content is taken away or handed on, and what must survive each of them."""
