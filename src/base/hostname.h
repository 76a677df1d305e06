/*
 * What this machine is called in full, which is what other mail servers want to
 * be told (RFC 5321 4.1.1.1).
 */
#ifndef BASE_HOSTNAME_H
#define BASE_HOSTNAME_H

/*
 * "smtp1.mssp.example": the name that the machine was given if it has a dot,
 * else the canonical one that the resolver has for it. NULL when neither has a
 * dot, or the resolver does not answer within two seconds.
 *
 * It is looked up once in a process: a resolver that is silent must not delay
 * each reload.
 */
const char *hostname_full(void);

#endif
