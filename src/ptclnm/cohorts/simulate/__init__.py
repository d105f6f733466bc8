"""Simulated cohorts: patients, and pictures rendered acoustically."""
