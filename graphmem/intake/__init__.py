"""Files of messages: told apart, read line by line, looked at as a whole, and only then kept."""
