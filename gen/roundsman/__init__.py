"""Roundsman's wire, one package a version."""
