"""The pane with the camera's picture: the preview, its arrows and what is asked of the customer."""
