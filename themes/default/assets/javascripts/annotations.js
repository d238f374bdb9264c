// annotations
