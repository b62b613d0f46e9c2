"""What is found out about an access request once it is sent: a module for each family of signals, and `gathering`."""
