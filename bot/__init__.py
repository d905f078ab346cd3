"""Shirube: answers a team's questions from the team's own documents."""
