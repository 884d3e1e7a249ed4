"""The painter of the demonstration's people.

``python -m tools.paint_demo_people`` paints them anew into ``face_auth/camera/demo/people/``.
"""
