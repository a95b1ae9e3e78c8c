"""The whole story of one message of a world: whom it was meant for, and at which hop it lost what would have led it there.

Nothing is blamed by its looks: the same scenario is played again with one hop otherwise, and only what then arrives
was lost there.
"""
