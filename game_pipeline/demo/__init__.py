"""Replicas of three public sites, served over loopback for `make demo`; nothing here runs in production."""
