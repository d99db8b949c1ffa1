/** What coordinators and the nodes that load lookups call each other by. */

/** Role in presence and scope of RestService of a process that loads lookups; the role's tier is that of its lookups. */
export const lookupsRole = 'lookups';
/** Bus subject: something about the lookups is new. Empty; who hears it asks. */
export const lookupsChanged = 'lookups.changed';
