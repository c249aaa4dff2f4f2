"""
A robot that runs ROS 2 and Nav2, as a body of the fleet.

What is decided is plain Python, testable without ROS: body.py and what it is made of. Only node.py, thread.py, nav2.py,
pose_goals.py, captures.py and tf_source.py import rclpy, and only the agent's process imports those.
"""
