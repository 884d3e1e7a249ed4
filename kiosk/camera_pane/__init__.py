"""The camera pane: live preview, ring, arrows and the sentences that guide the customer."""
