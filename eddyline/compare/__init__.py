"""The same rows through our online models and through batch scikit-learn, side by side. One idea a file."""
