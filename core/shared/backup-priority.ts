/** The priority of a backend with `backup: true`: behind all that a config can give. */
export const BACKUP_PRIORITY = 1001;
