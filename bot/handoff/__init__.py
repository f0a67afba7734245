"""From the assistant to a person and back: who gets a case, what they may do with it. Imports `model` and `storage`."""
