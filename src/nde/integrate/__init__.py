"""The loops: a step, judged and recorded, again and again."""
