'use strict';

// A page that goes back to the one before it.
addEventListener('load', () => setTimeout(() => history.back(), 300));
