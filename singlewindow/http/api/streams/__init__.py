"""The streams: a trader's notices and an agency's feed, to be read or to be sent."""
