"""Only what pyproject.toml can't say: a static `requires-python` there breaks `colcon build`."""

from setuptools import setup

setup(python_requires=">=3.11")
