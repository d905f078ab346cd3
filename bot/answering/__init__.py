"""A Question becomes a stream of AnswerEvents."""
