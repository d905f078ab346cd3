"""What a source can raise, classed by what the caller does next.

* SourceError
  x SourceUnavailable  end this run; what is published stays
  x SourceDenied       the operator fixes credentials or rights
  x OptionsError       the operator fixes the options in shirube.toml

One unreadable entry is a value, `connectors.api.Failed`, not an exception.
"""


class SourceError(Exception):
    """The root of what connectors raise; the text names the thing and the fix."""


class SourceUnavailable(SourceError):
    """The source cannot be read now, or is broken as a whole."""


class SourceDenied(SourceError):
    """The source refuses our credentials, or lacks a right we need."""


class OptionsError(SourceError):
    """An option of the source is missing, unknown or wrong."""
