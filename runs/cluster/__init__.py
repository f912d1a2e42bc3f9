"""A run of several processes: started and watched here, or found where a cluster started them."""
