"""What a failure looks like: one plain sentence on stderr, and the exit code that says whose it is."""

from __future__ import annotations

import errno
import re
import sys
import traceback

from stream.errors import DeploymentError, EddylineError, InputError, MissingTopic, Unreachable

FAILURE, WRONG_USE = 1, 2

_PASSWORD = re.compile(r"(?<=://)([^/\s@:]*):[^/\s]*@")


def masked(text: str) -> str:
    """The text with passwords in addresses replaced.

    >>> masked("redis://ann:secret@cache:6379/0 does not answer")
    'redis://ann:***@cache:6379/0 does not answer'
    """
    return _PASSWORD.sub(r"\1:***@", text)


def describe(error: Exception, *, debug: bool) -> int:
    """Say on stderr what went wrong; the exit code.

    Parameters
    ----------
    error
        Anything that was raised; errors of the command line's parser are taken for wrong use.
    debug
        Print the traceback first.
    """
    if debug:
        print(masked("".join(traceback.format_exception(error))), file=sys.stderr, end="")
    if type(error).__name__ == "NoArgsIsHelpError":  # the parser has shown the help instead
        return WRONG_USE
    if hasattr(error, "format_message"):  # the parser's own
        context = getattr(error, "ctx", None)
        hint = f" See `{context.command_path} --help`." if context is not None else ""
        return _say(f"{_sentence(error.format_message())}{hint}", WRONG_USE)
    if isinstance(error, InputError | DeploymentError):
        return _say(f"{_sentence(str(error))}{_advice(error)}", WRONG_USE)
    if isinstance(error, EddylineError):
        return _say(_sentence(str(error)), FAILURE)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        where = f"{error.filename}: " if error.filename else ""
        return _say(f"{where}no space left to write to; what is there is not complete", FAILURE)
    what = str(error).strip().partition("\n")[0]
    told = f"{type(error).__name__}: {what}" if what else type(error).__name__
    hint = "" if debug else " Run it again with --debug for details."
    return _say(f"Something went wrong that should not: {_sentence(told)}{hint}", FAILURE)


def _advice(error: Exception) -> str:
    """What to do, where the error does not say it itself."""
    said = str(error)
    if isinstance(error, MissingTopic) and "topics create" not in said:
        return " `eddyline topics create` makes all that are missing."
    if isinstance(error, Unreachable) and "check" not in said.lower():
        return " Check that it runs, and kafka.bootstrap_servers and redis.url in the settings."
    return ""


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _say(sentence: str, code: int) -> int:
    print(f"error: {masked(sentence)}", file=sys.stderr)
    return code
