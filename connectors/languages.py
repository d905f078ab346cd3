"""Names the languages of code files by their suffix, or by their name without one."""

_SUFFIXES = {
    "bash": "bash sh",
    "c": "c h",
    "cpp": "cc cpp cxx hh hpp",
    "csharp": "cs",
    "css": "css",
    "dart": "dart",
    "dockerfile": "dockerfile",
    "elixir": "ex exs",
    "go": "go",
    "graphql": "graphql",
    "groovy": "groovy",
    "haskell": "hs",
    "hcl": "hcl tf",
    "ini": "ini",
    "java": "java",
    "javascript": "cjs js jsx mjs",
    "json": "json",
    "kotlin": "kt kts",
    "lua": "lua",
    "makefile": "makefile mk",
    "perl": "pl pm",
    "php": "php",
    "powershell": "ps1",
    "protobuf": "proto",
    "python": "py pyi",
    "r": "r",
    "ruby": "rb",
    "rust": "rs",
    "scala": "scala",
    "scss": "scss",
    "sql": "sql",
    "swift": "swift",
    "toml": "toml",
    "typescript": "ts tsx",
    "vue": "vue",
    "xml": "xml",
    "yaml": "yaml yml",
    "zig": "zig",
}

LANGUAGES = {
    suffix: language
    for language, suffixes in _SUFFIXES.items()
    for suffix in suffixes.split()
}
"""From suffix to the name that stands behind the fence of a code block."""
