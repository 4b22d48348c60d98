"""What the records hold, as values: runs, analyses, decisions, events, versions, changes of champion."""
