"""Simulated robots as ROS 2 nodes: Nav2's action names, tf, odometry, battery, sensors. Only node.py imports rclpy."""
