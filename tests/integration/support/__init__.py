"""What the black-box tests stand on: see README.md beside this folder."""
