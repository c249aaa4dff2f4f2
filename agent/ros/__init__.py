"""
A robot that runs ROS 2 and Nav2, as a body of the fleet.

What is decided is plain Python, testable without ROS: body.py and what it is made of. node.py is the ROS side, with its
senses.py, nav2.py, pose_goals.py and captures.py; process.py joins the two over thread.py. They import rclpy, and
agent.py imports them where the process begins.
"""
