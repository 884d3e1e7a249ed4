"""The pages that customers see: home, login, account, withdrawal and change of PIN."""
