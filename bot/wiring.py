"""The composition root: builds every part of the desk and hands it out. The only module that knows them all."""
