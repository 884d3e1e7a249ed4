"""Training of the embedding network: from pictures and a teacher to the kiosk's model files.

``python -m face_auth.training --help`` lists the commands. Nothing at run time imports this
package; only the commands that train import its modules that need PyTorch.
"""
