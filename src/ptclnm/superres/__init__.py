"""Super-resolution by a small generative adversarial network; Li et al. 2024, section 2.5.

torch and Lightning take seconds to load: import the modules when they are needed.
"""
