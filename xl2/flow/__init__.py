"""Flow: the rooms a message walks through, in this order: send, observe, prove, deliver, confirm, settle."""
