"""The methods of a lake, by subject: asking, drawing, measuring, zoos, …"""
