'use strict';
/* The one-file executable begins here: which signals we were told to ignore can be seen until the door handles them. */
require('./bun.cjs');
require('../../bin/k8s-leader.js');
