"""The fake Slack in a browser: what people see and do, on one page of this machine.

`make play-slack` runs `shirube serve` before it. The page loads nothing from anywhere
else, and puts every word of a message on the screen as text.
"""
