"""What the rackwright command does with containers and images on all hosts of an inventory.

rackwright/commands has the command lines; here is what they call. Hosts are asked all at once, each
stands for itself, and every one of them is in the final table.
"""
