"""What can be seen of slots and branches; nothing here changes anything."""
