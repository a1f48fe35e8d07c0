namespace KmsOperator.Simulation.Running;

/// <summary>Something that the simulation found once.</summary>
/// <param name="Reason">What happened.</param>
/// <param name="Script">The shortest script that showed it.</param>
internal sealed record Fault(string Reason, string Script);

/// <summary>Scripts that broke a promise once: a fault of the operator that is mended, or more than an operator can do, which the promise excepts now.</summary>
internal static class MendedFaults
{
    public static IReadOnlyList<Fault> All { get; } =
    [
        new("after a restore of the store the watches wait for a version that the server will not reach", """
            seed 16 operators 1 stale 0
            0 create team-a/one className=strict users=role0
            0.038 backup
            32.395 restore
            """),
        new("after a restore of the store a resource goes on as in the lost future", """
            seed 65 operators 1 stale 0
            0 create team-a/one deletionPolicy=Retain className=strict keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC users=role0
            54.642 backup
            71.903 edit team-a/one description=d1 tag=t1
            105.282 restore
            """),
        new("a key whose owner tags were taken off is not found again when the status is erased as well", """
            seed 73 operators 1 stale 0
            0 create team-a/one alias=alias/x0 className=strict keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC users=role0
            22.2 kms-untag-marks team-a/one
            48.618 erase-status team-a/one
            """),
        new("an alias is left whose only record was the status that is erased, when the process that had written it is dead (excepted)", """
            seed 7 operators 1 stale 0
            0 create team-a/one className=strict
            95.275 kill A
            95.469 edit team-a/one enabled=true users=role2 alias=alias/team0
            110.469 erase-status team-a/one
            """),
        new("a key whose owner tags were taken off just before its resource is deleted is not marked as left", """
            seed 69 operators 1 stale 0
            0 create team-a/two deletionPolicy=Retain users=role2
            55.892 kms-untag-marks team-a/two
            56.055 delete team-a/two
            """),
        new("an alias stays where the alias is changed to one that another resource has (excepted)", """
            seed 50 operators 1 stale 0
            0 create team-a/two alias=alias/team1 deletionPolicy=Delete keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            0 create team-b/one
            0.989 edit team-b/one alias=alias/team1
            """),
        new("rotate-at on a disabled key keeps the resource Stalled for ever", """
            seed 62 operators 1 stale 0
            0 create team-a/one deletionPolicy=Delete users=role2
            1.759 edit team-a/one enabled=false
            1.92 rotate-at team-a/one r1
            """),
        new("a status that is erased while KMS does not show the new key yet leads to a second key", """
            seed 119 operators 1 stale 8
            0 create team-b/one deletionPolicy=Delete className=strict keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            2.509 erase-status team-b/one
            """),
        new("a forged status makes the resource's own key unknown", """
            seed 72 operators 1 stale 0
            0 create team-a/one deletionPolicy=Retain
            0 create team-b/one alias=alias/x1 users=role2
            38.954 forge-status team-b/one team-a/one
            """),
        new("a forged status that names another's key keeps the resource from its own key for ever", """
            seed 76 operators 1 stale 0
            0 create team-a/two alias=alias/team1 deletionPolicy=Retain multiRegion=true replicaRegions=eu-west-1
            0 create team-b/one keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            29.506 forge-status team-b/one team-a/two
            40.109 kms-schedule-deletion team-b/one
            """),
        new("an alias is left where the status is erased and the alias is changed at the same time", """
            seed 17 operators 1 stale 0
            0 create team-a/one deletionPolicy=Delete keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            27.799 erase-status team-a/one
            27.975 edit team-a/one enabled=false users=role0 alias=alias/team1
            """),
        new("an alias stays at a key whose deletion people scheduled (excepted)", """
            seed 85 operators 1 stale 0
            0 create team-a/two className=strict users=role1
            18 kms-schedule-deletion team-a/two
            39.74 edit team-a/two alias=alias/team0
            """),
        new("no key is made for a resource that names a role which is gone (excepted)", """
            seed 36 operators 1 stale 0
            0 create team-b/one deletionPolicy=Delete users=role1
            0.085 delete-role role1
            """),
        new("a clock that is set forward ends the wait for a key that KMS does not show yet", """
            seed 429 operators 1 stale 6
            0 create team-a/one deletionPolicy=Retain keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            4.686 clock A 16
            4.723 delete team-a/one
            """),
        new("a clock that is set back makes an old list of keys look new, which leads to a second key", """
            seed 1 operators 1 stale 7
            0 create team-a/two deletionPolicy=Retain
            16.237 clock A -83
            48.873 erase-status team-a/two
            """),
        new("a key that is no primary any more has its owner tags put back late, and nobody waited for it", """
            seed 316 operators 1 stale 0
            0 create team-a/one multiRegion=true replicaRegions=eu-west-1 users=role0
            14.654 kms-move-primary team-a/one eu-west-1
            31.052 edit team-a/one suspend=true
            50.052 edit team-a/one suspend=false
            53.129 kms-untag-marks team-a/one
            """),
        new("a process that lost its lease while it was stopped writes to AWS", """
            seed 420 operators 2 stale 0
            0 create team-a/one alias=alias/team1 deletionPolicy=Retain keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            0 create team-a/two takeOverAlias=true
            0.37 kill A
            9.37 edit team-a/two alias=alias/team1
            9.639 edit team-a/two alias=alias/y1
            11.166 pause-at A apply/servicekeys 2 32
            25.42 erase-status team-a/two
            35.42 edit team-a/one deletionPolicy=Retain
            """),
        new("a primary that was moved counts as another key, so that its rotation was asked of nobody (the promise was wrong)", """
            seed 326 operators 1 stale 0
            0 create team-a/two deletionPolicy=Retain multiRegion=true replicaRegions=eu-west-1
            47.879 rotate-at team-a/two r1
            84.411 kms-move-primary team-a/two eu-west-1
            """),
        new("a forged status keeps a resource from its key, which is made just then", """
            seed 551 operators 1 stale 0
            0 create team-a/two deletionPolicy=Retain keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            0 create team-b/one className=strict keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC users=role1
            0.384 forge-status team-b/one team-a/two
            """),
        new("a replica of a key that is to be disabled cannot be made (excepted)", """
            seed 658 operators 1 stale 0
            0 create team-a/one alias=alias/y1 multiRegion=true
            28.77 kms-disable team-a/one
            29.105 edit team-a/one replicaRegions=eu-west-1
            32.916 edit team-a/one enabled=false users=role2 alias=alias/team0
            """),
        new("a key whose owner tags were taken off while its status was erased is not found again", """
            seed 618 operators 1 stale 0
            0 create team-b/one deletionPolicy=Retain multiRegion=true
            1.264 kms-untag-marks team-b/one
            1.348 erase-status team-b/one
            """),
        new("a resource that let its key go and one that deletes it under the same name leave a deletion that looks like somebody else's", """
            seed 75 operators 1 stale 0
            0 create team-a/one alias=alias/x1 deletionPolicy=Retain multiRegion=true
            40.572 delete team-a/one
            64.572 create team-a/one deletionPolicy=Retain
            65.502 delete team-a/one
            65.603 edit team-a/one deletionPolicy=Delete
            86.603 create team-a/one deletionPolicy=Retain
            """),
        new("a key that was let go and then deleted within one deletion looks deleted by somebody else while KMS does not show yet that it was let go", """
            seed 75 operators 1 stale 2
            64.572 create team-a/one deletionPolicy=Retain
            65.502 delete team-a/one
            65.603 edit team-a/one deletionPolicy=Delete
            86.603 create team-a/one deletionPolicy=Retain
            """),
        new("a call that takes the mark of a released key off arrives when the next resource has let the key go", """
            seed 240 operators 1 stale 0
            0 create team-a/one
            16.995 fail-aws UntagResource Slow 1
            32.567 delete team-a/one
            32.831 create team-a/one deletionPolicy=Retain
            40.769 delete team-a/one
            """),
        new("a call that cancels a deletion arrives when the resource that sent it is gone", """
            seed 690 operators 1 stale 0
            22.455 create team-a/one alias=alias/y1 deletionPolicy=Delete multiRegion=true users=role2
            22.853 delete team-a/one
            23.948 create team-a/one multiRegion=true
            23.948 fail-aws CancelKeyDeletion Slow 1
            24.57 delete team-a/one
            """),
        new("an alias is left where people take it out of the status and change the spec before anybody looks", """
            seed 908 operators 1 stale 0
            0 create team-a/two className=strict
            11.312 forge-status team-a/two team-a/two
            14.722 edit team-a/two enabled=false users=role1 alias=alias/y0
            """),
        new("a list of aliases that is nearly a minute old does not show what people did to an alias (the promise was wrong)", """
            seed 197 operators 1 stale 4
            0 create team-a/one alias=alias/team0 deletionPolicy=Retain multiRegion=true
            0 create team-a/two alias=alias/team0 deletionPolicy=Delete keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            1.539 kms-delete-alias alias/team0
            2.088 kill A
            """),
        new("people cancel the deletion of a key, and a later resource of the name has another key (excepted)", """
            seed 853 operators 1 stale 0
            0 create team-a/one deletionPolicy=Delete className=strict
            11.307 delete team-a/one
            11.767 create team-a/one alias=alias/x0 deletionPolicy=Retain className=strict keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC users=role0
            39.227 kms-cancel-deletion team-a/one
            """),
        new("a key whose owner tags were taken off counts as rotated for nobody (the promise was wrong)", """
            seed 962 operators 1 stale 0
            0 create team-a/one className=strict multiRegion=true replicaRegions=eu-west-1 users=role0
            33.718 rotate-at team-a/one r3
            34.079 delete team-a/one
            34.216 edit team-a/one alias=alias/team0
            35.565 kms-untag-marks team-a/one
            """),
        new("a key is not deleted with its resource while KMS still shows the deletion that was cancelled before", """
            seed 1 operators 1 stale 8
            0 create team-a/one deletionPolicy=Delete className=strict
            5.87 delete team-a/one
            14.87 create team-a/one deletionPolicy=Delete
            16.334 delete team-a/one
            """),
        new("AWS does not let the operator read whether a key that is left is marked (excepted)", """
            seed 1814 operators 1 stale 0
            0 create team-b/one
            0.647 fail-aws ListResourceTags Refused 2
            3.261 delete team-b/one
            4.32 create team-b/one alias=alias/team1 keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC takeOverAlias=true
            """),
        new("a resource that gets its alias late counts as described before (the promise was wrong)", """
            seed 1070 operators 1 stale 6
            0 create team-a/one alias=alias/y0 deletionPolicy=Retain users=role0
            0 create team-a/two alias=alias/y0
            31.526 kms-delete-alias alias/y0
            31.731 delete team-a/one
            """),
        new("no replica is made under a policy that names a role which is gone (excepted)", """
            seed 1110 operators 1 stale 6
            0 create team-a/one className=strict multiRegion=true replicaRegions=eu-west-1 users=role0
            5.287 fail-api patch/keyreplicas Slow 1
            10.611 delete-role role0
            """),
        new("AWS does not let the operator mark a key that it deletes (excepted)", """
            seed 1165 operators 1 stale 0
            0 create team-a/one alias=alias/y1 className=strict
            0.474 fail-aws TagResource Refused 2
            57.077 delete team-a/one
            58.231 create team-a/one deletionPolicy=Delete
            """),
        new("AWS does not let the operator mark a key that is left (excepted)", """
            seed 805 operators 1 stale 0
            0 create team-a/one className=strict multiRegion=true replicaRegions=eu-west-1 users=role1
            40.498 fail-aws TagResource Refused 2
            41.464 delete team-a/one
            41.556 edit team-a/one deletionPolicy=Retain
            42.137 create team-a/one deletionPolicy=Retain
            """),
        new("an alias is left where a forged status took its record away and the alias is changed meanwhile", """
            seed 93 operators 1 stale 0
            0 create team-a/one deletionPolicy=Delete keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            0 create team-a/two deletionPolicy=Delete keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC users=role2
            5.794 forge-status team-a/two team-a/one
            10.441 edit team-a/two enabled=true users=role0 alias=alias/team0
            """),
        new("a rotation of an earlier resource's key counts for the later one that has it (the promise was wrong)", """
            seed 30 operators 1 stale 0
            0 create team-a/one
            18.234 rotate-at team-a/one r2
            84.057 delete team-a/one
            84.356 create team-a/one deletionPolicy=Retain
            """),
        new("an alias is taken over from a resource whose status was erased", """
            seed 448 operators 1 stale 0
            0 create team-a/one alias=alias/y0 className=strict
            0 create team-b/one takeOverAlias=true
            12.411 edit team-b/one alias=alias/y0
            35.634 erase-status team-a/one
            """),
        new("an alias stays whose call got no answer, when the status with the time of that call is refused", """
            seed 582 operators 1 stale 0
            0 create team-a/one deletionPolicy=Delete users=role2
            18.708 fail-aws CreateAlias Slow 2
            22.096 edit team-a/one additionalAliases=alias/x1+alias/team0
            23.939 edit team-a/one additionalAliases=
            46.939 fail-aws UpdateAlias Slow 1
            """),
        new("people move the primary while the call that schedules the replica's deletion is on its way (excepted)", """
            seed 1 operators 1 stale 0
            0 create team-a/one deletionPolicy=Delete multiRegion=true replicaRegions=eu-west-1
            42.358 fail-aws ScheduleKeyDeletion Slow 1
            53.358 delete team-a/one
            53.504 kill A
            63.561 kms-move-primary team-a/one eu-west-1
            """),
        new("a key that was left, and whose tags people took off, is replicated by a class that permits adoption (the promise was wrong)", """
            seed 2502 operators 1 stale 0
            0 create team-a/two deletionPolicy=Retain multiRegion=true replicaRegions=eu-west-1 users=role0
            27 create team-b/copy primaryKeyOf=team-a/two className=standard region=eu-west-1
            69.35 delete team-a/two
            84.35 kms-untag-marks team-a/two
            """),
        new("the alias is at a key that an earlier resource of the name left, and the policy is refused as well (the promise was wrong)", """
            seed 2594 operators 1 stale 0
            0 create team-a/one deletionPolicy=Retain
            22 edit team-a/one alias=alias/team1
            22.166 delete team-a/one
            24.669 create team-a/one deletionPolicy=Retain keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            62.63 delete-role role1
            62.936 edit team-a/one enabled=true users=role1 alias=alias/team1
            """),
        new("people took the finalizer off, and the KeyReplica of the earlier resource is in the way (excepted)", """
            seed 2038 operators 1 stale 0
            0 create team-a/one className=strict multiRegion=true replicaRegions=eu-west-1
            5.725 take-finalizer-off team-a/one
            5.725 delete team-a/one
            26.725 create team-a/one multiRegion=true replicaRegions=eu-west-1
            """),
        new("grants of an earlier resource stay on a key that is taken back before KMS shows that it was let go", """
            seed 3561 operators 1 stale 7
            0 create team-a/one
            60.882 edit team-a/one grants=a:Encrypt+b:Decrypt
            77.882 delete team-a/one
            78.823 create team-a/one grants=
            """),
        new("AWS does not let the operator look at a key that is left (excepted)", """
            seed 3376 operators 1 stale 0
            0 create team-a/two alias=alias/y1 deletionPolicy=Retain multiRegion=true replicaRegions=eu-west-1
            0.541 fail-api apply/servicekeys Late 1
            1.055 delete team-a/two
            1.982 fail-aws * Refused 2
            21.34 fail-aws ListResourceTags ServerError 2
            """),
        new("KMS shows for some seconds that a key is a replica which somebody has made the primary, and its resource is deleted in that time (excepted)", """
            seed 20073 operators 1 stale 5
            0 create team-a/one deletionPolicy=Delete multiRegion=true replicaRegions=eu-west-1
            0 create team-a/two className=strict multiRegion=true
            48.998 kms-move-primary team-a/one eu-west-1
            49.177 delete team-a/one
            """),
        new("a replica waits for the move of a primary that is disabled, which KMS does not move, as the ServiceKey says (excepted)", """
            seed 70013 operators 1 stale 0
            0 create team-a/one alias=alias/team1 multiRegion=true replicaRegions=eu-west-1 users=role0 takeOverAlias=true
            6.094 edit team-a/one enabled=false users=role1 alias=alias/x1
            63.524 edit team-a/one primaryRegion=eu-west-1
            """),
        new("events that wake a waiting replica again and again make it wait for minutes after the faults have ended", """
            seed 500548 operators 1 stale 7
            0 create team-a/one deletionPolicy=Delete keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            0 create team-a/two className=strict
            0 create team-b/one multiRegion=true replicaRegions=eu-west-1
            2.048 fail-aws GetKeyPolicy LostBefore 1
            2.693 fail-aws ReplicateKey ServerError 2
            29.705 edit team-a/two enabled=false users=role2 alias=alias/team0
            29.815 api-down
            42.815 api-up
            43.052 erase-status team-b/one
            84.281 edit team-a/one primaryRegion=eu-west-1
            """),
        new("a restored backup brings a resource back whose key was scheduled for deletion meanwhile, and the key stays scheduled", """
            seed 600912 operators 1 stale 0
            0 create team-a/two deletionPolicy=Delete className=strict
            1.68 backup
            1.867 delete team-a/two
            4.387 restore
            """),
        new("a status is forged and the owner tags are taken off the resource's own key at once, which the process knew", """
            seed 600266 operators 1 stale 0
            0 create team-a/one alias=alias/team1 deletionPolicy=Delete keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            0 create team-a/two alias=alias/x0 className=strict multiRegion=true
            4.809 forge-status team-a/two team-a/one
            4.814 kms-untag-marks team-a/two
            """),
        new("STS refuses credentials while a resource is deleted, so its key is left without the mark (excepted)", """
            seed 500488 operators 2 stale 0
            0 create team-a/one alias=alias/y1 users=role2
            0 create team-b/one takeOverAlias=true
            0.087 fail-api patch/leases Slow 2
            0.231 pause-at A apply/servicekeys 1 28
            25.996 fail-aws Sts Refused 2
            26.386 erase-status team-a/one
            26.604 delete team-b/one
            73.355 fail-aws EnableKeyRotation Throttled 1
            """),
        new("a call that was sent while the deletion was asked for arrives when it no longer is, and is taken back (excepted)", """
            seed 601665 operators 1 stale 0
            0 create team-a/one deletionPolicy=Delete takeOverAlias=true
            51.737 fail-aws ScheduleKeyDeletion Slow 1
            52.33 delete team-a/one
            53.739 edit team-a/one deletionPolicy=Retain
            """),
        new("the role that a policy names is gone, so the replica's policy is refused as its primary's is (excepted)", """
            seed 600218 operators 1 stale 0
            0 create team-a/two multiRegion=true replicaRegions=eu-west-1
            50.01 delete-role role0
            69.889 edit team-a/two enabled=false users=role0 alias=alias/x0
            """),
        new("an alias that somebody deleted is made for another resource, while the one that has it on record takes it back", """
            seed 611837 operators 1 stale 0
            0 create team-a/one
            0 create team-a/two alias=alias/y1 keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC users=role1
            0.367 api-down
            14.367 api-up
            14.672 kms-delete-alias alias/y1
            21.337 create team-b/copy primaryKeyOf=team-a/one className=standard region=eu-west-1
            21.984 edit team-a/one suspend=true
            39.984 edit team-a/one suspend=false
            40.104 delete team-a/one
            42.778 create team-a/one additionalAliases=alias/x1+alias/y0+alias/team1
            50.778 kill-at A DeleteAlias 1
            50.778 edit team-a/one additionalAliases=
            51.355 edit team-a/one additionalAliases=alias/x0+alias/y1+alias/team0
            """),
        new("a call that takes the mark of a released key off arrives after the resource, whose policy became Retain again, has gone", """
            seed 620970 operators 1 stale 0
            0 create team-a/one alias=alias/team1 deletionPolicy=Retain users=role1
            21.944 fail-api get/servicekeys LostAfter 1
            26.514 fail-aws UntagResource Slow 3
            26.552 fail-aws TagResource LostAfter 2
            65.087 delete team-a/one
            65.308 edit team-a/one deletionPolicy=Delete
            72.412 edit team-a/one deletionPolicy=Retain
            """),
        new("people cancel the deletion of an earlier resource's key, and the later resource of the name gets none (excepted)", """
            seed 620635 operators 1 stale 0
            0 create team-a/two alias=alias/y0 deletionPolicy=Delete className=strict
            5.765 delete team-a/two
            7.781 create team-a/two alias=alias/team0 className=strict keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC users=role2 takeOverAlias=true
            48.117 kms-cancel-deletion team-a/two
            """),
        new("a replica waits for the move of a primary whose deletion people scheduled (excepted)", """
            seed 620833 operators 1 stale 0
            0 create team-a/one deletionPolicy=Retain multiRegion=true replicaRegions=eu-west-1
            8.135 kms-schedule-deletion team-a/one
            90.667 edit team-a/one primaryRegion=eu-west-1
            """),
        new("a status is forged before KMS shows the resource's own key, and the resource is deleted at once", """
            seed 1 operators 2 stale 2
            0 create team-a/one keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            0 create team-b/one deletionPolicy=Retain
            0.556 forge-status team-a/one team-b/one
            1.028 delete team-a/one
            """),
        new("a watch that lags misses a change that the store has forgotten (a fault of the model of the API server)", """
            seed 641134 operators 2 stale 0
            0 create team-a/two
            20.037 watch-lag B 2
            20.341 edit team-a/two enabled=false users=role2 alias=alias/team1
            20.361 compact
            """),
        new("AWS does not let the operator take the mark of a released key off before it schedules the deletion (excepted)", """
            seed 640220 operators 1 stale 0
            0 create team-a/one deletionPolicy=Retain users=role2
            64.146 fail-aws UntagResource Refused 2
            65.04 delete team-a/one
            65.097 edit team-a/one deletionPolicy=Delete
            104.255 create team-a/one deletionPolicy=Retain
            """),
        new("people move a primary, and the ServiceKey is deleted and made again: its replica is replicated to where the primary itself is pending deletion", """
            seed 640063 operators 1 stale 0
            0 create team-a/one className=strict multiRegion=true replicaRegions=eu-west-1 users=role0
            30.01 kms-move-primary team-a/one eu-west-1
            30.01 delete team-a/one
            59.01 create team-a/one multiRegion=true replicaRegions=eu-west-1
            """),
        new("a replica is made by another resource while the deletion of its primary is scheduled (excepted)", """
            seed 641442 operators 2 stale 0
            0 create team-b/one alias=alias/team0 className=strict multiRegion=true
            20.305 create team-b/copy primaryKeyOf=team-b/one className=standard region=eu-west-1
            20.36 delete team-b/one
            """),
        new("KMS does not show a new replica at its primary yet, and the primary's deletion is scheduled although the replica was left", """
            seed 1 operators 1 stale 3
            0 create team-a/one deletionPolicy=Retain multiRegion=true replicaRegions=eu-west-1
            0 create team-b/one alias=alias/y0 keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            0.794 fail-api apply/servicekeys Late 2
            1.127 kms-enable team-b/one
            1.127 watch-lag A 3
            1.985 delete team-a/one
            4.877 watch-lag A 2
            4.877 edit team-a/one deletionPolicy=Delete
            5.817 create team-a/one deletionPolicy=Delete
            """),
        new("a primary has just been moved to a KeyReplica, KMS shows that key as a replica yet, and its deletion is scheduled before the other key's", """
            seed 1 operators 1 stale 6
            0 create team-a/one alias=alias/y0 deletionPolicy=Delete multiRegion=true replicaRegions=eu-west-1 users=role2 takeOverAlias=true
            13.031 api-up
            131.51 edit team-a/one primaryRegion=eu-west-1
            133.381 delete team-a/one
            """),
        new("a late UntagResource takes an earlier resource's mark off the key before the key carries the mark of the present one, whose status is erased", """
            seed 650571 operators 1 stale 0
            32.973 create team-a/one alias=alias/x1
            45.283 fail-aws UntagResource Slow 3
            46.594 delete team-a/one
            47.977 create team-a/one grants=a:Encrypt+b:Decrypt
            61.465 erase-status team-a/one
            61.778 delete team-a/one
            """),
        new("a list of aliases from within the consistency window is used after the window", """
            seed 1 operators 1 stale 8
            0 create team-a/one multiRegion=true replicaRegions=eu-west-1
            0 create team-a/two multiRegion=true replicaRegions=eu-west-1
            0 create team-b/one alias=alias/y1
            18.203 kill-at A DeleteAlias 2
            19.675 rotate-at team-a/one r1
            40.538 edit team-a/one additionalAliases=alias/x1+alias/y1+alias/team0
            46.538 edit team-a/one additionalAliases=alias/y0+alias/team1
            47.512 erase-status team-a/one
            47.512 edit team-a/one additionalAliases=alias/x0+alias/y1+alias/team0
            """),
        new("the CreateKey of a process that was killed arrives after the next process has given up looking for its key", """
            seed 660454 operators 1 stale 0
            0 create team-a/one users=role1
            0.057 fail-aws CreateKey Slow 1
            3.255 kill A
            """),
        new("the alias is changed right after the status was erased, and the alias of before is not on record", """
            seed 1 operators 1 stale 7
            0 create team-a/one users=role1
            0.278 delete team-a/one
            7.278 edit team-a/one alias=alias/y1
            12.635 create team-a/one alias=alias/team1 takeOverAlias=true
            47.425 erase-status team-a/one
            47.732 edit team-a/one alias=alias/y0
            """),
        new("people have a KeyReplica of their own where the ServiceKey wants one (excepted)", """
            seed 661312 operators 1 stale 0
            0 create team-b/one className=strict multiRegion=true
            26.147 create team-b/copy primaryKeyOf=team-b/one className=standard region=eu-west-1
            55.634 edit team-b/one replicaRegions=eu-west-1
            """),
        new("STS throttles a process that has just started, while a resource is being deleted (a fault of the model: STS answered with JSON)", """
            seed 664020 operators 1 stale 0
            0 create team-a/two deletionPolicy=Retain users=role1
            0.261 delete team-a/two
            0.352 kill A
            0.525 fail-aws * Throttled 1
            5.603 fail-api patch/keyreplicas LostBefore 2
            """),
        new("the wait for a late call counts from when it was sent (never committed)", """
            seed 664255 operators 1 stale 0
            0 create team-a/one users=role0
            29.456 erase-status team-a/one
            29.456 fail-aws CancelKeyDeletion Slow 1
            29.616 delete team-a/one
            29.777 edit team-a/one deletionPolicy=Delete
            43.777 create team-a/one deletionPolicy=Retain
            44.428 delete team-a/one
            51.428 create team-a/one deletionPolicy=Delete
            """),
        new("somebody puts the same policy again while KMS still shows the state before the operator's put", """
            seed 665721 operators 1 stale 7
            0 create team-a/one
            0 create team-a/two deletionPolicy=Retain takeOverAlias=true
            0 create team-b/one keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            2.507 kms-policy team-b/one
            14.604 kms-policy team-b/one
            """),
        new("an operator's request for a KeyReplica arrives after its ServiceKey was deleted and made again (a fault of the model, which had no garbage collector)", """
            seed 1 operators 1 shards 3 stale 0
            0 create team-a/one multiRegion=true replicaRegions=eu-west-1
            0 create team-a/two deletionPolicy=Retain
            0.066 fail-api create/keyreplicas Slow 2
            17.303 delete team-a/one
            44.303 create team-a/one multiRegion=true replicaRegions=eu-west-1
            """),
        new("people take the tags off a key that an earlier resource of the name has left, and a class lets others replicate it (excepted)", """
            seed 673446 operators 1 stale 0
            0 create team-a/two deletionPolicy=Retain className=strict multiRegion=true
            35.478 create team-b/copy primaryKeyOf=team-a/two className=standard region=eu-west-1
            54.478 delete team-a/two
            56.493 create team-a/two
            57.04 kms-untag-marks team-a/two
            """),
        new("people take the finalizer off while the key is being made, and the process ends before it knows the key", """
            seed 674960 operators 1 stale 6
            0 create team-a/one alias=alias/y0 deletionPolicy=Delete
            0.263 take-finalizer-off team-a/one
            0.475 kill A
            """),
        new("people take the owner tags off a key that was taken back, erase the status and delete the resource, all before the operator sees it", """
            seed 677871 operators 1 stale 0
            0 create team-a/one alias=alias/y1 users=role2
            11.171 delete team-a/one
            11.36 create team-a/one alias=alias/team0
            14.743 drop-watches A
            14.948 kms-untag-marks team-a/one
            14.948 erase-status team-a/one
            18.018 delete team-a/one
            """),
        new("two multi-Region ServiceKeys want one alias, and the replica of the later one asks for it first in its Region", """
            seed 676741 operators 2 stale 0
            0 create team-a/one alias=alias/x0 deletionPolicy=Delete className=strict multiRegion=true replicaRegions=eu-west-1
            0 create team-a/two className=strict multiRegion=true replicaRegions=eu-west-1
            0.434 edit team-a/two alias=alias/x0
            """),
        new("the watch's version expires while the API server is away, and the next list waits for as long as after one failure more", """
            seed 678637 operators 1 stale 8
            0 create team-a/one alias=alias/team1 deletionPolicy=Delete multiRegion=true replicaRegions=eu-west-1
            25.826 api-down
            39.072 compact
            46.072 delete team-a/one
            """),
        new("the operator stands still between the decision to delete a replica and the call, and somebody moves the primary there meanwhile", """
            seed 687038 operators 1 stale 0
            0 create team-a/one alias=alias/y1 className=strict multiRegion=true replicaRegions=eu-west-1
            0.184 pause-at A get/servicekeys 3 16
            0.456 delete team-a/two
            21.339 edit team-a/one alias=alias/x1
            21.878 delete team-a/one
            24.636 kms-move-primary team-a/one eu-west-1
            42.636 fail-api patch/leases Refused 2
            """),
        new("a resource whose rotation is refused counts as settled while somebody has deleted its alias", """
            seed 692117 operators 1 stale 0
            0 create team-a/one alias=alias/x1 keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC users=role0
            0.224 rotate-at team-a/one r1
            4.1 edit team-a/one alias=alias/x0
            83.191 kms-delete-alias alias/x0
            """),
        new("a resource counts as settled that will take over the alias of a key that no resource has any more", """
            seed 699400 operators 1 stale 8
            0 create team-a/one alias=alias/team1 users=role2 takeOverAlias=true
            0 create team-a/two alias=alias/team1 takeOverAlias=true
            27.984 pause-at A apply/servicekeys 3 24
            33.569 edit team-a/one deletionPolicy=Retain
            34.052 delete team-a/one
            35.604 create team-a/one deletionPolicy=Retain
            47.604 fail-aws DeleteAlias LostBefore 2
            47.604 watch-lag A 3
            47.673 delete team-a/one
            66.673 create team-a/one deletionPolicy=Delete
            92.834 delete team-a/one
            99.834 create team-a/one deletionPolicy=Delete
            """),
        new("others write as much as a restore of the store lost before the watch is connected again, so that the server is not behind the watch", """
            seed 695036 operators 1 stale 0
            0 create team-a/one alias=alias/x1 deletionPolicy=Retain users=role2
            0 create team-a/two
            0.997 erase-status team-a/one
            1.639 backup
            6.639 restore
            6.931 edit team-a/two enabled=true users=role1 alias=alias/team1
            7.092 edit team-a/one grants=a:Decrypt+b:Decrypt
            """),
        new("the same, with one edit and a younger backup", """
            seed 697868 operators 1 stale 0
            0 create team-a/one
            45 create team-b/copy primaryKeyOf=team-a/one className=standard region=eu-west-1
            45.072 backup
            46.348 restore
            46.647 edit team-a/one alias=alias/y1
            """),
        new("an alias stays whose call arrives when its resource was deleted with Retain and made again", """
            seed 699487 operators 1 stale 0
            2.8 create team-a/one deletionPolicy=Retain
            15.285 edit team-a/one additionalAliases=alias/x1+alias/y1+alias/team1
            25.285 fail-aws CreateAlias Slow 2
            25.285 edit team-a/one additionalAliases=alias/x0+alias/y0
            39.285 edit team-a/one additionalAliases=alias/x1
            40.771 delete team-a/one
            41.305 create team-a/one additionalAliases=alias/x1+alias/y1+alias/team0
            """),
        new("an alias that a resource never got, and wants no more, stays reserved for it", """
            seed 701887 operators 1 stale 3
            0 create team-a/one alias=alias/x0 deletionPolicy=Retain
            0 create team-a/two alias=alias/x0 deletionPolicy=Retain
            3.926 kms-schedule-deletion team-a/one
            66.983 edit team-a/one alias=alias/x1
            """),
        new("a KeyReplica of an ARN counts as settled when the primary's policy names a role that is gone", """
            seed 713578 operators 1 stale 0
            0 create team-b/one alias=alias/team0 multiRegion=true users=role2
            25 delete-role role2
            85.457 create team-b/copy primaryKeyOf=team-b/one className=standard region=eu-west-1
            """),
        new("a disabled key that is to be the primary waits for a move that KMS refuses, and says that another resource makes it", """
            seed 716128 operators 1 stale 0
            0 create team-a/one alias=alias/team0 multiRegion=true replicaRegions=eu-west-1
            1.992 kms-move-primary team-a/one eu-west-1
            12.121 edit team-a/one enabled=false
            46.334 edit team-a/one primaryRegion=us-east-1
            """),
        new("an alias that people took out of the status is forgotten when the next comparison fails", """
            seed 718646 operators 1 stale 0
            0 create team-a/two users=role0
            28.684 fail-aws ListAliases Throttled 1
            44.684 forge-status team-a/two team-a/two
            45.364 edit team-a/two alias=alias/y0
            """),
        new("an alias is left at the key of a resource whose spec is refused since", """
            seed 721953 operators 2 stale 0
            0 create team-a/one alias=alias/team1 className=strict multiRegion=true
            0.306 fail-aws DescribeKey LostBefore 2
            2.993 edit team-a/one enabled=true users=role0 alias=alias/y1
            3.293 kill-at B CreateAlias 1
            17.97 edit team-a/one primaryRegion=eu-west-1
            """),
        new("a status is forged before it names the key, the owner tags are taken off that key before KMS shows them, and the process that made it is dead", """
            seed 721341 operators 1 stale 4
            0 create team-a/one
            0 create team-a/two deletionPolicy=Delete multiRegion=true replicaRegions=eu-west-1 takeOverAlias=true
            0 create team-b/one deletionPolicy=Retain
            0.192 fail-aws EnableKeyRotation LostBefore 2
            0.235 fail-api * Refused 2
            0.375 kill-at A apply/servicekeys 3
            0.606 forge-status team-a/one team-b/one
            3.776 kms-untag-marks team-a/one
            """),
        new("a grant stays whose call arrives when the next process has found that there is none", """
            seed 763676 operators 1 stale 0
            0 create team-a/one alias=alias/y0
            0 create team-a/two
            40.102 fail-aws CreateGrant Slow 2
            40.102 kill-at A CreateGrant 1
            40.102 edit team-a/one grants=a:Decrypt
            61.102 edit team-a/one grants=
            """),
        new("people turn the rotation off and move the primary to a Region where no resource has the key any more", """
            seed 764779 operators 1 stale 0
            0 create team-a/one alias=alias/x0 deletionPolicy=Retain multiRegion=true replicaRegions=eu-west-1
            2.261 resume A
            2.425 edit team-a/one replicaRegions=
            47.822 kms-rotation-off team-a/one
            49.757 kms-move-primary team-a/one eu-west-1
            """),
        new("the status of a new key is put together from a cache that lacks the record of the attempt, and so forgets the key's alias", """
            seed 778023 operators 1 stale 0
            0 create team-a/two deletionPolicy=Retain users=role1
            0.065 drop-watches A
            0.211 edit team-a/two alias=alias/y1
            0.948 edit team-a/two alias=alias/team0
            """),
        new("a key is taken for gone by a look that took longer than the window, and is forgotten", """
            seed 788753 operators 1 stale 6
            0 create team-a/one deletionPolicy=Delete
            4.456 fail-aws ListResourceTags Slow 3
            4.536 delete team-a/one
            17.536 kms-describe team-a/one
            """),
        new("a call that takes an alias away arrives when the next resource has it", """
            seed 799682 operators 1 stale 0
            0 create team-a/one alias=alias/x1
            0 create team-b/one alias=alias/y0 deletionPolicy=Retain className=strict keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            0.206 fail-aws Sts Slow 3
            24.493 fail-aws DeleteAlias Slow 1
            24.493 edit team-a/one additionalAliases=alias/x1+alias/y0
            26.403 edit team-a/one additionalAliases=alias/x0+alias/y1+alias/team1
            27.128 edit team-a/one additionalAliases=alias/x0+alias/y1
            """),
        new("a killed process has sent a call that takes an alias away, and it arrives when the next resource has the alias", """
            seed 819220 operators 1 stale 0
            0 create team-a/one alias=alias/y0 keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            0 create team-a/two deletionPolicy=Delete keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            0 create team-b/one alias=alias/x0 keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            8.113 edit team-b/one enabled=false users=role2 alias=alias/y0
            8.718 create team-b/copy primaryKeyOf=team-a/one className=standard region=eu-west-1
            41.704 kms-untag-marks team-b/one
            41.704 kill-at A ScheduleKeyDeletion 1
            42.595 delete team-a/one
            42.71 edit team-a/one deletionPolicy=Delete
            45.054 fail-aws DeleteAlias Slow 1
            45.054 kill-at A TagResource 1
            74.204 create team-a/one deletionPolicy=Retain
            """),
        new("the cluster is restored to a state between the request for a rotation and its record, and the key is rotated again", """
            seed 789231 operators 1 stale 0
            0 create team-a/two alias=alias/x0 deletionPolicy=Retain
            35.967 rotate-at team-a/two r1
            35.987 backup
            43.473 restore
            """),
        new("people take the owner tags off a key just before its resource is deleted, and the next resource takes the deletion for somebody else's", """
            seed 780216 operators 1 stale 4
            0 create team-a/one
            0.382 edit-class standard deletionPolicy=Delete
            10.229 kms-policy team-a/one
            10.324 kms-untag-marks team-a/one
            10.513 delete team-a/one
            12.216 create team-a/one grants=a:Decrypt+b:Decrypt
            """),
        new("a key without owner tags is deleted, its resource comes back with a restored backup, and the deletion counts as somebody else's", """
            seed 806749 operators 1 stale 0
            0 create team-a/two alias=alias/team1 className=strict
            0.189 backup
            9.716 kms-untag-marks team-a/two
            10.115 kill A
            18.249 delete team-a/two
            40.249 restore
            """),
        new("a list is read just before a backup is restored, the watch begins just after that, and every write of a resource conflicts for ever", """
            seed 804926 operators 1 stale 0
            0 create team-a/one alias=alias/team1 deletionPolicy=Retain
            0 create team-a/two className=strict
            0.208 edit team-a/two alias=alias/x0
            0.959 fail-api list/servicekeys Refused 1
            1.327 backup
            3.301 drop-watches A
            6.689 restore
            16.992 erase-status team-a/one
            16.992 edit team-a/one grants=a:Decrypt
            18.939 edit team-a/one grants=
            """),
        new("a status is forged to another's key, whose owner tags are gone and whose own status is erased before the next look; the process forgets the resource's own key", """
            seed 805836 operators 1 stale 0
            0 create team-a/one keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            0 create team-a/two alias=alias/x0 deletionPolicy=Delete
            0.396 fail-api get/servicekeys Late 1
            60.46 delete team-a/two
            60.608 kms-untag-marks team-a/two
            60.924 fail-aws ListKeys LostBefore 3
            61.037 forge-status team-a/one team-a/two
            73.827 fail-api get/servicekeys ServerError 1
            """),
        new("an alias is to move from a key of another type, which KMS refuses; the resource says that its spec is wrong, and not that the alias is elsewhere", """
            seed 830497 operators 1 stale 0
            0 create team-a/one alias=alias/team0
            0.53 delete team-a/one
            2.742 create team-a/one alias=alias/x0 deletionPolicy=Delete keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC users=role0 takeOverAlias=true
            3.084 rotate-at team-a/one r1
            4.114 edit team-a/one alias=alias/team0
            """),
        new("the key of a resource that is being deleted is found by its attempt, and its policy has become Retain meanwhile: the deletion is decided on the spec of before", """
            seed 832980 operators 1 stale 0
            0 create team-a/one className=strict takeOverAlias=true
            1.942 fail-aws UntagResource Late 1
            6.977 fail-api apply/servicekeys LostBefore 2
            22.977 delete team-a/one
            35.042 create team-a/one alias=alias/team1 deletionPolicy=Delete
            35.248 kill A
            36.215 delete team-a/one
            38.6 edit team-a/one deletionPolicy=Retain
            40.475 create team-a/one deletionPolicy=Delete
            """),
        new("a forged status names a key that KMS shows only at the second look, and the resource goes without its own", """
            seed 839603 operators 1 stale 2
            0 create team-a/one keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            0 create team-a/two
            0 create team-b/one alias=alias/x1 deletionPolicy=Retain className=strict
            0.624 delete team-a/two
            0.693 forge-status team-a/two team-a/one
            """),
        new("a replica may not be enabled after its deletion was cancelled, and does not get the mark that it is left", """
            seed 1 operators 1 stale 0
            0 create team-a/one deletionPolicy=Delete multiRegion=true replicaRegions=eu-west-1
            30.988 fail-aws ScheduleKeyDeletion Slow 3
            47.864 delete team-a/one
            47.954 fail-aws EnableKey Refused 3
            80.275 edit team-a/one deletionPolicy=Retain
            108.275 create team-a/one deletionPolicy=Delete
            """),
        new("people take the owner tags off a primary, and its resource is made again; a KeyReplica by ARN of another namespace, whose class consents, replicates it", """
            seed 733435 operators 1 stale 0
            0 create team-a/one alias=alias/y1 deletionPolicy=Retain className=strict multiRegion=true replicaRegions=eu-west-1
            0.367 create team-b/copy primaryKeyOf=team-a/one className=standard region=eu-west-1
            40.911 delete team-a/one
            41.46 kms-untag-marks team-a/one
            58.632 create team-a/one multiRegion=true replicaRegions=eu-west-1
            71.755 delete team-a/one
            96.755 create team-a/one deletionPolicy=Delete
            """),
        new("people erase a status and take the owner tags off the key that it named, and a KeyReplica by ARN, whose class consents, replicates it in the same second", """
            seed 789811 operators 1 stale 0
            0 create team-a/one alias=alias/y1 deletionPolicy=Retain multiRegion=true users=role2
            12 kms-untag-marks team-a/one
            16.584 create team-b/copy primaryKeyOf=team-a/one className=standard region=eu-west-1
            16.61 erase-status team-a/one
            """),
        new("a resource cannot put back an alias that people deleted, since they scheduled the deletion of its key, and another one wants that alias", """
            seed 811082 operators 1 stale 0
            0 create team-a/one alias=alias/x0 users=role2
            0 create team-a/two alias=alias/y1 multiRegion=true replicaRegions=eu-west-1 users=role2
            0.328 kms-delete-alias alias/y1
            1.429 kms-schedule-deletion team-a/two
            3.342 edit team-a/one additionalAliases=alias/y1+alias/team1
            """),
        new("a key of before is left in the Region of a replica with the alias that the replica is to have", """
            seed 1 operators 1 stale 0
            0 create team-a/two deletionPolicy=Retain multiRegion=true replicaRegions=eu-west-1 takeOverAlias=true
            0.069 drop-watches A
            0.379 backup
            28.397 kms-untag-marks team-a/two
            28.881 restore
            """),
        new("people cancel the deletion of one key of a group while the deletion of the primary is on its way", """
            seed 802651 operators 1 stale 2
            0 create team-a/one className=strict multiRegion=true replicaRegions=eu-west-1
            0 create team-a/two className=strict users=role2
            0 create team-b/one className=strict multiRegion=true users=role1
            10 kms-describe team-a/two
            25 kms-move-primary team-a/one eu-west-1
            48.159 pause A
            73.159 resume A
            73.544 delete team-a/one
            74.77 kms-cancel-deletion team-a/one
            """),
        new("the cluster is restored to a state in which a rotation was requested and not done, after its resource was gone", """
            seed 825078 operators 2 stale 0
            0 create team-a/one deletionPolicy=Retain
            0 create team-a/two deletionPolicy=Delete
            4.047 kms-describe team-a/two
            4.082 rotate-at team-a/two r1
            4.298 backup
            9.718 restore
            """),
        new("an alias is elsewhere, and what people changed at the key is put right later than that is known", """
            seed 851894 operators 1 stale 0
            0 create team-a/one alias=alias/x1 multiRegion=true replicaRegions=eu-west-1 takeOverAlias=true
            0 create team-a/two
            0.138 edit team-a/two alias=alias/y1
            0.172 edit team-a/one alias=alias/y1
            50.541 kms-describe team-a/two
            50.544 api-down
            68.544 api-up
            """),
        new("a late call makes an alias at the key of a resource that is refused, and it is deleted at the next try", """
            seed 860667 operators 1 stale 6
            0 create team-a/one alias=alias/y1 keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            8.084 rotate-at team-a/one r1
            8.402 pause A
            24.402 resume A
            73.402 take-finalizer-off team-a/one
            74.156 edit team-a/one additionalAliases=alias/y1+alias/team0
            74.281 fail-aws CreateAlias Slow 2
            74.281 edit team-a/one additionalAliases=alias/x1
            103.281 edit team-a/one additionalAliases=alias/x0+alias/y1
            """),
        new("the deletion of a primary is decided just after a KeyReplica by ARN has replicated it, before KMS shows that", """
            seed 873448 operators 2 stale 0
            0 create team-b/one alias=alias/team0 deletionPolicy=Delete multiRegion=true
            29.635 kill A
            32.844 delete team-b/one
            32.995 fail-aws UntagResource Late 1
            33.256 create team-b/copy primaryKeyOf=team-b/one className=standard region=eu-west-1
            54.299 create team-a/one multiRegion=true replicaRegions=eu-west-1
            """),
        new("a primary is moved to a replica that no resource has taken up yet, since it waits for its alias, and nobody moves it back", """
            seed 873703 operators 1 stale 0
            0 create team-a/one users=role2 takeOverAlias=true
            31 delete team-a/one
            32.726 create team-a/one deletionPolicy=Retain className=strict multiRegion=true replicaRegions=eu-west-1
            104.586 delete team-a/one
            132.586 create team-a/one multiRegion=true replicaRegions=eu-west-1
            143.586 edit team-a/one primaryRegion=eu-west-1
            144.226 edit team-a/one primaryRegion=us-east-1
            """),
        new("a status is forged to a key whose owner tags and whose own status are gone, and a new process takes it although the tags of the resource's own key name it", """
            seed 1 operators 2 stale 0
            0 create team-a/one deletionPolicy=Delete multiRegion=true takeOverAlias=true
            0 create team-a/two deletionPolicy=Delete multiRegion=true
            0.395 api-down
            38.653 forge-status team-a/one team-a/two
            38.843 kms-untag-marks team-a/two
            39.594 erase-status team-a/two
            """),
        new("a restored backup does not know an alias that the key got since, and the alias stays", """
            seed 1 operators 1 stale 6
            0 create team-a/two alias=alias/x1 deletionPolicy=Delete users=role2
            0 create team-b/one multiRegion=true replicaRegions=eu-west-1
            34.402 backup
            34.862 delete team-a/two
            35.565 edit team-b/one alias=alias/x1
            37.271 restore
            """),
        new("a key gets the mark that it is left before a late call schedules its deletion, and the next resource takes that for somebody else's (excepted)", """
            seed 900650 operators 1 stale 0
            0 create team-a/one keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            20.935 take-finalizer-off team-a/one
            41.362 fail-aws ScheduleKeyDeletion Slow 2
            45.561 delete team-a/one
            47.975 create team-a/one deletionPolicy=Delete takeOverAlias=true
            63.371 fail-api * Refused 1
            63.94 delete team-a/one
            73.517 edit team-a/one deletionPolicy=Retain
            90.752 edit team-a/one deletionPolicy=Delete
            92.981 create team-a/one deletionPolicy=Retain
            """),
        new("a key gets the mark that it is left late, when the deletion is decided, and the next resource takes that for somebody else's (excepted)", """
            seed 918125 operators 1 stale 0
            0 create team-a/one takeOverAlias=true
            14.449 fail-aws TagResource Slow 1
            41.522 pause-at A get/servicekeys 2 12
            42.039 delete team-a/one
            45.863 edit team-a/one deletionPolicy=Delete
            73.309 create team-a/one deletionPolicy=Retain
            """),
        new("a grant arrives that a process had sent before the last one was killed, and nobody revokes it", """
            seed 907356 operators 1 stale 6
            0 create team-a/one multiRegion=true replicaRegions=eu-west-1 users=role1
            0.325 delete team-a/one
            3.289 create team-a/one keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            4.226 edit team-a/one enabled=true users=role1 alias=alias/y0
            4.226 kill-at A CreateGrant 1
            4.365 kill-at A RevokeGrant 1
            5.499 fail-aws CreateGrant Slow 2
            5.499 delete team-a/one
            7.686 create team-a/one grants=a:Decrypt+b:Decrypt
            29.686 edit team-a/one grants=
            45.686 kill-at A RevokeGrant 1
            """),
        new("a primary does not move where its KeyReplica waits for an alias that another key has (excepted)", """
            seed 910378 operators 1 stale 0
            0 create team-a/one users=role1
            52.802 delete team-a/one
            54.602 create team-a/one className=strict multiRegion=true
            81.395 delete team-a/one
            102.395 create team-a/one multiRegion=true replicaRegions=eu-west-1
            128.773 edit team-a/one primaryRegion=eu-west-1
            """),
        new("a key without owner tags is named by two statuses, of which people forged one, and is left without a mark when its resource goes (excepted)", """
            seed 913223 operators 1 stale 0
            0 create team-a/one deletionPolicy=Retain keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            0 create team-b/one
            27.257 kms-untag-marks team-a/one
            31.821 fail-aws Sts Slow 2
            32.553 forge-status team-b/one team-a/one
            32.574 kill A
            33.259 delete team-a/one
            62.259 create team-a/one multiRegion=true replicaRegions=eu-west-1
            """),
        new("a status is forged to another resource's key, that loses its owner tags, and the deletion of the resource writes to it", """
            seed 915788 operators 1 stale 0
            0 create team-a/two alias=alias/team1 users=role0
            25 delete team-a/one
            55.062 create team-a/one alias=alias/team1
            83.232 forge-status team-a/one team-a/two
            94.492 kms-untag-marks team-a/two
            111.131 delete team-a/one
            """),
        new("a replica is deleted under the policy of a later ServiceKey of its primary's name, which has another key", """
            seed 918596 operators 1 stale 0
            0 create team-a/one alias=alias/y1 multiRegion=true replicaRegions=eu-west-1
            0.236 watch-lag A 4
            1.051 delete team-a/one
            3.659 create team-a/one deletionPolicy=Retain className=strict multiRegion=true replicaRegions=eu-west-1 users=role1
            3.659 watch-lag A 0
            4.549 delete team-a/one
            5.59 create team-a/one grants=a:Decrypt
            """),
        new("a deletion is scheduled late whose mark AWS had refused, and stays when the policy has become Retain", """
            seed 920495 operators 1 stale 0
            0 create team-a/one className=strict
            15.832 fail-aws ScheduleKeyDeletion Slow 3
            25.239 fail-aws TagResource Refused 1
            25.239 watch-lag A 4
            25.562 delete team-a/one
            44.7 edit team-a/one deletionPolicy=Retain
            """),
        new("a deletion is cancelled since the policy has become Retain, and the call that enables the key gets lost: the key stays disabled", """
            seed 1 operators 1 stale 0
            0 create team-a/one deletionPolicy=Delete
            20 fail-aws ScheduleKeyDeletion LostAfter 1
            20 fail-aws EnableKey LostBefore 1
            20.1 delete team-a/one
            21 edit team-a/one deletionPolicy=Retain
            60 kms-describe team-a/one
            """),
        new("a KeyReplica by ARN replicates another namespace's key, since KMS does not show the owner tags yet that the operator has just put back", """
            seed 949520 operators 2 stale 7
            0 create team-a/one deletionPolicy=Delete
            0 create team-a/two alias=alias/x0 deletionPolicy=Retain multiRegion=true
            0 create team-b/one deletionPolicy=Delete multiRegion=true
            23 delete team-a/one
            24.367 create team-a/one deletionPolicy=Retain multiRegion=true
            27.78 kms-untag-marks team-a/one
            29.103 create team-b/copy primaryKeyOf=team-a/one className=standard region=eu-west-1
            29.218 delete team-a/one
            """),
        new("people move the primary to a KeyReplica that is being deleted, which keeps it: rotation can be set only there (excepted)", """
            seed 957646 operators 2 stale 7
            0 create team-a/one deletionPolicy=Delete multiRegion=true replicaRegions=eu-west-1
            5.211 take-lease
            12.92 fail-aws EnableKeyRotation LostBefore 1
            23.066 kms-move-primary team-a/one eu-west-1
            23.465 edit team-a/one replicaRegions=
            """),
        new("people name another class while the status is lost, and the key is deleted as its own class says, not retained as the named one says", """
            seed 119 operators 1 stale 0
            0 create team-a/one className=strict keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            35.357 erase-status team-a/one
            35.357 edit team-a/one className=standard
            36.918 delete team-a/one
            """),
        new("the same while the resource is already being deleted", """
            seed 169 operators 1 stale 0
            0 create team-a/one className=strict multiRegion=true replicaRegions=eu-west-1
            40.042 fail-aws DeleteAlias LostBefore 2
            40.042 delete team-a/one
            47.761 erase-status team-a/one
            47.761 edit team-a/one className=standard
            """),
        new("the class of a resource that is deleted is gone, and its key stays without a mark (excepted)", """
            seed 2259 operators 1 stale 0
            0 create team-a/one alias=alias/team0 users=role1
            67.907 delete-class standard
            69.296 delete team-a/one
            70.132 edit team-a/one className=standard
            """),
        new("a resource waits for a late call, disables its key at each look, and waits anew after each", """
            seed 3229 operators 1 stale 0
            82.81 clock A -64
            121.81 fail-aws UntagResource LostBefore 1
            123.044 create team-a/one deletionPolicy=Retain
            123.822 delete team-a/one
            130.822 create team-a/one deletionPolicy=Disable
            131.556 delete team-a/one
            """),
        new("the status is lost and the spec refused: the key is in no status until the spec is right (excepted)", """
            seed 971048 operators 1 stale 0
            0 create team-a/one multiRegion=true replicaRegions=eu-west-1
            0.612 delete team-a/one
            3.605 create team-a/one alias=alias/team0 deletionPolicy=Delete multiRegion=true takeOverAlias=true
            28.605 fail-aws * Slow 1
            38.787 erase-status team-a/one
            42.92 edit team-a/one primaryRegion=eu-west-1
            """),
        new("people correct the class just when the key has been made, and delete the resource instead of putting the class back: the key is deleted as the first class says", """
            seed 1399 operators 1 stale 0
            35.114 create team-a/one className=strict
            35.232 edit team-a/one className=standard
            51.232 delete team-a/one
            """),
        new("AWS denies the mark of a deletion, and the process that cancels the deletion is killed before it enables the key (excepted)", """
            seed 14030 operators 2 stale 0
            18.521 delete team-a/one
            19.58 create team-a/one deletionPolicy=Delete
            20.31 fail-aws TagResource Refused 2
            20.31 kill-at B CancelKeyDeletion 1
            21.279 delete team-a/one
            21.576 edit team-a/one deletionPolicy=Retain
            44.576 fail-aws TagResource Late 1
            """),
        new("an additional alias is reserved for a key whose deletion people scheduled, so the key that waits for it keeps its old ones (excepted)", """
            seed 1 operators 1 stale 0
            0 create team-a/one className=strict
            0 create team-b/one alias=alias/y1
            91.092 kms-delete-alias alias/y1
            115.102 kms-schedule-deletion team-b/one
            151.289 edit team-a/one additionalAliases=alias/x0+alias/y1+alias/team0
            170.885 edit team-a/one additionalAliases=alias/y1+alias/team1
            """),
        new("a class is gone for a moment, and a replica of it is deleted just then: its key stays without a mark (excepted)", """
            seed 13584 operators 1 stale 7
            0 create team-a/one alias=alias/y0 deletionPolicy=Delete keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            0 create team-b/one multiRegion=true replicaRegions=eu-west-1
            7.541 edit team-b/one suspend=true
            24.541 edit team-b/one suspend=false
            25.607 fail-api get/servicekeys Slow 2
            25.9 delete team-b/one
            27.301 delete-class standard
            27.503 create-class standard
            28.432 edit team-a/one className=standard
            46.116 create-class standard
            """),
        new("a process is killed just after it has cancelled a deletion, and the policy becomes Delete again: the resource goes while KMS still shows the first deletion", """
            seed 1 operators 1 stale 8
            0 create team-a/one alias=alias/team1
            25.785 fail-aws DeleteAlias ServerError 2
            29.181 edit team-a/one deletionPolicy=Delete
            29.733 delete team-a/one
            41.778 kill-at A CancelKeyDeletion 1
            41.778 edit team-a/one deletionPolicy=Retain
            42.542 edit team-a/one deletionPolicy=Delete
            """),
        new("late calls give a key the mark that it is left and the one that it is deleted (excepted)", """
            seed 1012800 operators 2 stale 0
            0 create team-a/one
            0.028 fail-aws TagResource Late 3
            60.376 kill B
            64.335 fail-aws ScheduleKeyDeletion Slow 3
            64.335 edit team-a/one deletionPolicy=Delete
            65.244 delete team-a/one
            91.919 edit team-a/one deletionPolicy=Retain
            104.416 edit team-a/one deletionPolicy=Delete
            130.416 create team-a/one deletionPolicy=Retain
            """),
        new("the class is gone while a resource is deleted whose create attempt is open (excepted)", """
            seed 705404 operators 1 shards 4 stale 0
            0 create team-a/one
            1.312 fail-aws CreateKey Slow 2
            5.681 delete team-a/one
            20.681 delete-class standard
            """),
        new("the ServiceKey of a replica by ARN is gone, and its key's policy names a role that is gone: KMS makes no replica (excepted)", """
            seed 30620 operators 1 stale 0
            0 create team-b/one alias=alias/team0 multiRegion=true users=role1
            0.197 edit team-b/one enabled=true users=role0 alias=alias/y1
            1.973 delete-role role0
            2.072 create team-b/copy primaryKeyOf=team-b/one className=standard region=eu-west-1
            6.312 delete team-b/one
            """),
        new("a ServiceKey only observes while its replica is being deleted: that key stays without a mark (excepted)", """
            seed 34289 operators 1 stale 0
            0 create team-a/one alias=alias/y0 className=strict multiRegion=true replicaRegions=eu-west-1
            40.312 delete team-a/one
            40.481 edit team-a/one managementPolicy=Observe
            """),
        new("people take the owner tags off a key, and its resource is made again before KMS shows that they are back: two keys have its tags (excepted)", """
            seed 36985 operators 1 stale 7
            0 create team-a/one
            0 create team-a/two alias=alias/x0 deletionPolicy=Delete users=role0
            0 create team-b/one
            2.773 delete team-b/one
            2.985 delete team-a/two
            5.204 create team-a/two alias=alias/team1
            17.283 kms-untag-marks team-a/one
            20.16 kill-at A patch/servicekeys 1
            20.173 delete team-a/one
            21.91 create team-a/one deletionPolicy=Retain
            42.21 delete team-a/one
            43.033 create team-a/one deletionPolicy=Retain
            """),
        new("an operator cancels a deletion on an old state of its resource, which is gone by then", """
            seed 1100 operators 1 stale 6
            0 create team-a/one multiRegion=true replicaRegions=eu-west-1
            8.003 kill-at A CancelKeyDeletion 1
            8.003 watch-lag A 4
            8.777 delete team-a/one
            15.072 edit team-a/one deletionPolicy=Retain
            15.575 edit team-a/one deletionPolicy=Delete
            36.575 create team-a/one deletionPolicy=Retain
            """),
        new("a replica took its policy from an old state of its ServiceKey, and was left enabled under Disable", """
            seed 1036249 operators 1 stale 3
            0 create team-a/one deletionPolicy=Retain multiRegion=true replicaRegions=eu-west-1 users=role0
            0 create team-a/two alias=alias/x1
            33.158 pause-at A apply/servicekeys 1 6
            55.776 edit team-a/one managementPolicy=Full deletionPolicy=Disable
            56.031 delete-namespace team-a
            68.031 create-namespace team-a
            """),
        new("a process that is dead had put the owner tags back on a key, and KMS does not show them yet (excepted)", """
            seed 1018637 operators 1 stale 7
            0 create team-a/one alias=alias/x0 multiRegion=true
            0 create team-a/two alias=alias/x0 deletionPolicy=Delete
            20.961 kms-untag-marks team-a/one
            21.312 kill-at A apply/servicekeys 1
            21.362 create team-b/copy primaryKeyOf=team-a/one className=standard region=eu-west-1
            29.111 delete team-a/one
            32.023 edit team-a/one additionalAliases=
            """),
        new("a dead process had marked a key as left, KMS did not show that to the next resource, and the key got the mark of its deletion as well", """
            seed 1 operators 1 stale 8
            0 create team-a/one
            0 create team-a/two
            0 create team-b/one multiRegion=true replicaRegions=eu-west-1
            12.203 kill-at A patch/servicekeys 1
            12.235 delete team-a/one
            12.888 create team-a/one deletionPolicy=Delete
            15.772 delete team-a/one
            33.744 create team-a/one deletionPolicy=Delete
            """),
        new("a resource waited for minutes for an alias whose earlier candidate was gone", """
            seed 1 operators 1 stale 2
            0 create team-a/one keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            0 create team-a/two deletionPolicy=Retain className=strict multiRegion=true replicaRegions=eu-west-1 takeOverAlias=true
            0 create team-b/one alias=alias/team0 keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC users=role1 takeOverAlias=true
            0.07 edit team-a/one alias=alias/team0
            133.237 kms-schedule-deletion team-a/one
            197.237 kms-destroy team-a/one
            275.978 edit team-a/one recreateLostKey=true
            277.117 delete team-a/one
            """),
        new("a resource only observes since the late call was sent that schedules the deletion of its key (excepted)", """
            seed 1069729 operators 2 stale 0
            0 create team-a/one keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            86.906 fail-aws ScheduleKeyDeletion Slow 1
            86.906 edit team-a/one deletionPolicy=Delete
            86.906 delete team-a/one
            99.545 edit team-a/one deletionPolicy=Disable
            102.404 edit team-a/one managementPolicy=Observe
            """),
        new("a resource takes over an alias of a key that another one takes up just then; the alias was that of an earlier one (excepted)", """
            seed 1 operators 1 stale 1
            0 create team-a/one alias=alias/x1
            0 create team-a/two keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC takeOverAlias=true
            22 fail-api list/servicekeys Refused 1
            23.294 create team-b/copy primaryKeyOf=team-a/one className=standard region=eu-west-1
            23.508 edit team-a/two enabled=false users=role1 alias=alias/x1
            24.606 kill-at A patch/servicekeys 1
            24.606 delete team-a/one
            27.325 create team-a/one grants=a:Encrypt
            """),
        new("the status was erased while the class led to another Region: the key that had been taken back was not found, and a second one was made", """
            seed 30075 operators 1 stale 0
            0 create team-a/one className=strict
            29.094 delete team-a/one
            31.379 create team-a/one deletionPolicy=Retain
            96.544 edit-class standard region=eu-west-1
            98.846 erase-status team-a/one
            """),
        new("a call was throttled when the alias was free at last, and the resource waited for minutes more", """
            seed 1 operators 1 stale 0
            0 create team-a/one alias=alias/x0 keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC users=role0
            0 create team-a/two deletionPolicy=Retain
            3.561 fail-aws Sts Throttled 3
            8.335 kill A
            12.137 fail-aws EnableKeyRotation LostBefore 2
            12.476 edit team-a/two alias=alias/x0
            12.584 delete team-a/one
            87.872 create team-a/one recreateLostKey=true
            89.282 delete team-a/one
            90.504 create team-a/one
            114.504 fail-aws CreateAlias Throttled 2
            114.504 kms-schedule-deletion team-a/one
            176.504 kms-destroy team-a/one
            208.865 delete team-a/one
            299.865 edit team-a/one recreateLostKey=true
            """),
        new("the policy of a replica changed while its last write was on its way (excepted)", """
            seed 1100729 operators 1 stale 0
            0 create team-a/one className=strict multiRegion=true replicaRegions=eu-west-1
            36.337 fail-api patch/keyreplicas Slow 2
            60.58 edit team-a/one deletionPolicy=Retain enabled=true
            61.709 delete team-a/one
            85.368 edit team-a/one managementPolicy=Full deletionPolicy=Disable
            91.253 create team-a/one deletionPolicy=Delete
            """),
        new("The operator asked the server what a replica inherits, stood still, and let it go although its policy had become Disable.", """
            seed 1126649 operators 1 stale 0
            0 create team-a/one alias=alias/y1 multiRegion=true replicaRegions=eu-west-1
            0.495 pause-at A get/servicekeys 2 34
            76.464 edit team-a/one alias=alias/team0
            100.65 delete team-a/one
            100.815 edit team-a/one deletionPolicy=Disable
            120.815 create team-a/one deletionPolicy=Retain
            """),
        new("A status was forged just as the key got its alias, and the spec named another alias; the old one stayed, since only the record of the attempt had it.", """
            seed 1143286 operators 1 stale 0
            0 create team-a/one multiRegion=true replicaRegions=eu-west-1 users=role2
            0 create team-a/two deletionPolicy=Retain className=strict
            0.392 edit team-a/two alias=alias/y1
            0.429 forge-status team-a/two team-a/one
            """),
        new("A status that named a key which KMS did not show was taken for one whose key is gone: the time was counted from when KMS did not show the resource's own key.", """
            seed 90021 operators 1 stale 3
            0 create team-a/one multiRegion=true replicaRegions=eu-west-1
            0.78 delete team-a/one
            10.522 delete team-a/two
            12.873 create team-a/two alias=alias/y1
            13.157 forge-status team-a/one team-a/two
            """),
        new("A resource waited for ever for an alias that another one wanted in the Region to which its class led by then, and not in the one where its key was being made.", """
            seed 1221381 operators 2 stale 0
            33.577 kill-at B CreateKey 1
            33.577 edit-class standard region=eu-west-1
            34.855 create team-a/two alias=alias/y0 deletionPolicy=Delete keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            35.602 delete team-a/one
            37.203 edit-class standard region=us-east-1
            85.023 create team-a/one alias=alias/y0 keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            """),
        new("People scheduled the deletion of a resource's own key and forged its status: it took a key without owner tags instead.", """
            seed 1 operators 2 stale 0
            0 create team-a/one alias=alias/y1 deletionPolicy=Retain className=strict
            0 create team-a/two alias=alias/team0 deletionPolicy=Retain
            5.457 kms-schedule-deletion team-a/two
            5.85 take-lease
            6.454 forge-status team-a/two team-a/one
            6.797 kms-untag-marks team-a/one
            9.545 delete team-a/one
            """),
        new("A key was left without its mark, since KMS still showed the mark of the resource before.", """
            seed 1 operators 1 stale 4
            0 create team-a/one deletionPolicy=Delete users=role0
            75.106 drop-watches A
            75.462 kill-at A TagResource 1
            75.462 edit team-a/one deletionPolicy=Retain
            75.549 delete team-a/one
            81.549 create team-a/one deletionPolicy=Retain
            83.016 delete team-a/one
            """),
        new("A process recorded an attempt, stood still, sent the call and was killed: the next one made a second key before the call arrived.", """
            seed 1251444 operators 1 stale 0
            0 create team-a/one alias=alias/team1 deletionPolicy=Retain users=role2
            0 create team-a/two
            0.145 pause-at A patch/servicekeys 2 46
            0.475 watch-lag A 1
            0.617 fail-aws * Slow 2
            30.208 kill-at A CreateAlias 1
            52.942 default-class strict
            """),
        new("A replica without a key said Progressing for ever, where its primary was destroyed; it says PrimaryNotReady.", """
            seed 1309784 operators 1 stale 1
            0 create team-a/one alias=alias/team0 className=strict multiRegion=true replicaRegions=eu-west-1 users=role1
            1.3 kms-schedule-deletion team-a/one
            70.3 kms-destroy team-a/one
            """),
        new("The state before a put, which gave less, was taken for KMS's form of the policy, and stayed when somebody put it again.", """
            seed 1350262 operators 1 stale 6
            0 create team-a/one alias=alias/y1
            17 edit team-a/one enabled=false users=role1 alias=alias/y1
            17.139 kms-policy team-a/one
            17.164 pause-at A apply/servicekeys 2 49
            77.458 kms-policy team-a/one
            """),
        new("The operator's clock was ahead of KMS's: it looked for the expired material too early, and the key stayed Ready for a drift period.", """
            seed 3002805 operators 2 stale 4
            0 create team-a/one deletionPolicy=Delete keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            19 fail-api patch/servicekeys LostBefore 2
            27 erase-status team-a/one
            27.274 clock A 109
            27.546 take-lease
            27.58 edit team-a/one deletionPolicy=Retain
            27.976 kms-describe team-a/one
            28.063 put-secret team-a/material-a m0
            28.063 create team-a/imported origin=EXTERNAL material=material-a keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC deletionPolicy=Delete
            44.063 edit team-a/imported material=material-a validTo=45
            """),
        new("A KeyReplica by ARN replicated a key of another namespace, whose resource took it back just after the KeyReplica had looked.", """
            seed 1391777 operators 2 stale 0
            0 create team-a/one multiRegion=true
            33.276 kms-untag-marks team-a/one
            44.523 take-lease
            45.002 create team-b/copy primaryKeyOf=team-a/one className=standard region=eu-west-1
            48.499 erase-status team-a/one
            """),
        new("A forged status of the KeyReplica's own namespace named a key of another one, and the KeyReplica replicated it.", """
            seed 1415565 operators 1 stale 6
            0 create team-a/one multiRegion=true replicaRegions=eu-west-1 users=role1
            0 create team-a/two
            0 create team-b/one multiRegion=true replicaRegions=eu-west-1 users=role0
            4.657 take-finalizer-off team-b/one
            4.784 kill A
            5.545 kms-schedule-deletion team-a/two
            14.842 kill-at A apply/servicekeys 1
            14.924 forge-status team-b/one team-a/one
            15.102 create team-b/copy primaryKeyOf=team-b/one className=standard region=eu-west-1
            15.745 erase-status team-a/one
            """),
        new("A process had read a key in the status and not compared it yet, when people took the owner tags off it and wrote another key into the status: it forgot the resource's own.", """
            seed 1422451 operators 2 stale 0
            0 create team-a/one
            0 create team-b/one alias=alias/y1 deletionPolicy=Delete users=role2
            0.255 take-lease
            0.304 fail-aws Sts LostBefore 2
            21.333 kms-untag-marks team-b/one
            28.574 forge-status team-b/one team-a/one
            """),
        new("A process was killed just after it had moved the primary to a KeyReplica; the next one saw that key as a replica yet, and scheduled its deletion before the other key's.", """
            seed 1 operators 1 stale 7
            0 create team-a/one deletionPolicy=Delete multiRegion=true replicaRegions=eu-west-1
            26.333 kill-at A get/servicekeys 3
            62.948 edit team-a/one primaryRegion=eu-west-1
            63.591 edit team-a/one primaryRegion=us-east-1
            63.591 delete team-a/one
            64.077 create team-a/one primaryRegion=eu-west-1
            """),
        new("People took the finalizer off a ServiceKey and made it again under a class that retains keys; the replica of the first one was deleted as its own class said.", """
            seed 1484683 operators 1 stale 0
            0 create team-a/one deletionPolicy=Delete className=strict multiRegion=true replicaRegions=eu-west-1
            65.411 fail-aws ListAliases Slow 2
            65.699 delete team-a/one
            66.17 take-finalizer-off team-a/one
            66.17 create team-a/one multiRegion=true replicaRegions=eu-west-1
            """),
        new("A backup of before was restored just after a key had been made, and another process led: it had seen the key in the status, and made a second one.", """
            seed 1487107 operators 2 stale 6
            0 create team-a/one deletionPolicy=Retain
            0.017 backup
            2.046 restore
            """),
        new("A resource that its class refused for minutes was made again while the process stood still. KMS did not show the new key yet, and the next try waited as long as those of before.", """
            seed 1529934 operators 1 stale 3
            0 create team-a/one className=strict users=role1 takeOverAlias=true
            158.914 pause A
            334.205 delete team-a/one
            335.467 create team-a/one
            """),
        new("A KeyReplica by ARN replicated the key of another namespace, without owner tags, before the watch brought the status that its resource had just got back.", """
            seed 1552792 operators 1 stale 6
            0 create team-a/one deletionPolicy=Delete multiRegion=true replicaRegions=eu-west-1
            15.358 create team-b/copy primaryKeyOf=team-a/one className=standard region=eu-west-1
            35.358 kms-untag-marks team-a/one
            35.536 fail-aws Sts Throttled 3
            39.807 hold-watches A
            65.807 release-watches A
            65.828 erase-status team-a/one
            """),
        new("A killed process had sent CreateAlias, and another call of the next process got no answer: that one's time replaced the time until which the first call could arrive.", """
            seed 1607332 operators 1 stale 0
            0 create team-a/one deletionPolicy=Delete
            30.927 fail-aws DeleteAlias LostBefore 1
            30.927 watch-lag A 2
            30.927 edit team-a/one additionalAliases=alias/x0+alias/y0
            59.927 kill-at A CreateAlias 1
            59.927 edit team-a/one additionalAliases=alias/team0
            61.675 fail-aws CreateAlias Slow 2
            61.675 edit team-a/one additionalAliases=alias/x1+alias/y1
            83.675 edit team-a/one additionalAliases=alias/y1
            """),
    ];
}
