"""Runs on the web: an HTTP service that answers what the command line answers, and the page that asks it."""
