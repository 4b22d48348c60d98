"""Every error raised on purpose, one class per reaction of the caller.

::

    RetrainingError
    ├── NothingToDo               nothing has to be done, and why: skip the task
    │   ├── ModelPaused           a person paused the model: leave it alone
    │   └── SetAside              it takes too long beside other models: let it have a task of its own
    ├── PermanentError            trying again cannot help: fail the task at once
    │   ├── ConfigurationError    a setting or a model file is wrong: correct it
    │   ├── DataError             the rows cannot be used as they are: correct the source
    │   │   ├── NotOnRecord       nothing of that name or number is on record: correct it
    │   │   └── CannotPredict     a version needs a column that was given up on purpose: judge without it
    │   ├── TrainingError         the trainer raised or returned nothing usable
    │   ├── ArtifactError         a stored model is missing, damaged, or holds types that are not allowed
    │   └── RollbackRefused       that version cannot be champion (again): choose another
    └── TransientError            trying again may help: let the task be retried
        ├── SourceUnavailable     a file or a server cannot be reached now
        ├── ClaimLost             another process retrains this model, or took this retraining over
        ├── DeliveryPutOff        a notification is to be sent again: try later
        └── RequestsTaken         another run consumed a request that this decision counted on: decide again
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class RetrainingError(Exception):
    """Root of all errors that this package raises on purpose."""


class NothingToDo(RetrainingError):
    """A step has nothing to do in this run: no failure."""


class ModelPaused(NothingToDo):
    """The model is paused: a run leaves it alone until somebody resumes it."""


class SetAside(NothingToDo):
    """Done beside other models it would hold them up: the model goes on in a task of its own."""


class PermanentError(RetrainingError):
    """Trying again cannot help."""


class ConfigurationError(PermanentError):
    """A setting or a model file is wrong.

    Parameters
    ----------
    where : str
        The file, environment variable or flag.
    problems : sequence of str
        One line each: field, what was found, what is allowed.
    """

    def __init__(self, where: object, *problems: str) -> None:
        self.where = str(where).encode("utf-8", "backslashreplace").decode()  # the name of a file may be any bytes
        self.problems = problems
        super().__init__(f"{self.where}: " + "; ".join(problems))


class DataError(PermanentError):
    """The rows cannot be used as they are."""


class NotOnRecord(DataError):
    """Nothing of that name or number is on record."""


class CannotPredict(DataError):
    """A version needs a column that the rows are without, and that the model file has given up."""


class TrainingError(PermanentError):
    """The trainer raised, or what it returned cannot be used."""


class ArtifactError(PermanentError):
    """A stored model is missing, damaged, or holds types that are not on the allow-list."""


class RollbackRefused(PermanentError):
    """The model cannot be rolled back to that version."""


class TransientError(RetrainingError):
    """Trying again later may help."""


class SourceUnavailable(TransientError):
    """A file or a server that holds rows or artifacts cannot be reached now."""


class ClaimLost(TransientError):
    """This process no longer (or not yet) owns the right to retrain the model."""


class RequestsTaken(TransientError):
    """Another run consumed a request between the reading and the keeping of a decision."""


class DeliveryPutOff(TransientError):
    """A notification could not be sent, and is to be sent again."""


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """The end of a message about `name`: the known one most like it, upper and lower case alike; empty for none.

    >>> did_you_mean("MODELZ", ["models", "reason"])
    "; did you mean 'models'?"
    >>> did_you_mean("colour", ["models", "reason"])
    ''
    """
    folded = {each.casefold(): each for each in reversed(known)}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=1)
    return f"; did you mean {folded[near[0]]!r}?" if near else ""


def found_instead(name: str, columns: Iterable[object]) -> str:
    """The end of a message about a column that is not there: the one most like it, and all that are.

    >>> found_instead("Prize", ["price", "at"])
    "; did you mean 'price'?; found: price, at"
    """
    known = [str(each) for each in columns]
    return f"{did_you_mean(name, known)}; found: {', '.join(known)}"
