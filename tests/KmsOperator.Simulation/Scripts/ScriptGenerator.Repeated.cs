namespace KmsOperator.Simulation.Scripts;

/// <content>What happens again and again after all else: one kind of thing in each script, by its seed.</content>
internal sealed partial class ScriptGenerator
{
    /// <summary>One kind of thing happens again and again, after all else. Each kind has its seeds.</summary>
    private void WriteMore(int seed)
    {
        if (seed % 7 == 0)
        {
            if (seed / 7 % 5 == 4)
                Import();
            else
                Repeat((seed / 7 % 5) switch { 0 => Adopt, 1 => Guard, 2 => Lose, _ => Mislead });
            return;
        }

        switch (seed % 5)
        {
            case 0:
                Lives();
                break;
            case 1:
                Changes(Grants, ["CreateGrant", "RevokeGrant"], ["kms-grant", "kms-revoke-grants", "kms-grant-decrypt", "kms-grant-encrypt", "kms-revoke-own-grants"]);
                break;
            case 2:
                Changes(MoreAliases, ["CreateAlias", "UpdateAlias", "DeleteAlias"], []);
                break;
            case 3:
                Moves();
                break;
            default:
                Repeat(seed % 2 == 0 ? MoveClasses : ChangePolicies);
                break;
        }
    }

    /// <summary>A resource that is made again and again under its name, and each time its key is to be deleted or kept, while calls fail and the operator dies.</summary>
    private void Lives()
    {
        var name = Names[0];
        var lives = _random.Next(2, 4);
        for (var life = 0; life < lives; life++)
        {
            if (_random.Next(2) == 0)
                Add("fail-aws", Pick(["ScheduleKeyDeletion", "CancelKeyDeletion", "TagResource", "DeleteAlias"]), Pick(AwsFaults), $"{_random.Next(1, 3)}");
            if (_random.Next(3) == 0)
                Add("kill-at", Operator(), Pick(["ScheduleKeyDeletion", "CancelKeyDeletion", "TagResource", "patch/servicekeys"]), "1");
            if (_random.Next(3) == 0)
                Add("watch-lag", Operator(), $"{_random.Next(0, 5)}");
            if (_random.Next(2) == 0)
                Add("edit", name, Policy());
            _at += _random.NextDouble();
            DeleteAndMakeAgain(name, Policy);
            _at += _random.Next(3) == 0 ? _random.Next(5, 30) : _random.NextDouble();
        }

        string Policy() => $"deletionPolicy={(_random.Next(2) == 0 ? "Retain" : "Delete")}";
    }

    /// <summary>One part of a resource's spec changes again and again, while the calls for it fail and the operator dies.</summary>
    /// <param name="value">The part and its next value.</param>
    /// <param name="operations">The operations that make it so in AWS.</param>
    /// <param name="byHand">What others do to it in AWS.</param>
    private void Changes(Func<string> value, string[] operations, string[] byHand)
    {
        var name = Names[0];
        var changes = _random.Next(2, 6);
        for (var change = 0; change < changes; change++)
        {
            if (_random.Next(2) == 0)
                Add("fail-aws", Pick(operations), Pick(AwsFaults), $"{_random.Next(1, 3)}");
            if (_random.Next(3) == 0)
                Add("kill-at", Operator(), _random.Next(3) == 0 ? "patch/servicekeys" : Pick(operations), "1");
            if (_random.Next(4) == 0)
                Add("watch-lag", Operator(), $"{_random.Next(0, 5)}");
            if (byHand.Length > 0 && _random.Next(4) == 0)
                Add(Pick(byHand), name);
            if (_random.Next(8) == 0)
                Add("erase-status", name);
            Add("edit", name, value());
            if (_random.Next(8) == 0)
            {
                Add("delete", name);
                _at += _random.NextDouble() * 3;
                Add("create", name, value());
            }

            Wait();
        }
    }

    private string Grants() => _random.Next(4) switch
    {
        0 => "grants=",
        1 => $"grants=a:{Pick(["Encrypt", "Decrypt"])}+b:Decrypt",
        _ => $"grants=a:{Pick(["Encrypt", "Decrypt"])}",
    };

    private string MoreAliases() => $"additionalAliases={string.Join('+', Aliases.Where(_ => _random.Next(2) == 0).Select(alias => $"{alias}{_random.Next(2)}"))}";

    /// <summary>The primary of a multi-Region key moves there and back.</summary>
    private void Moves()
    {
        var name = Names[0];
        if (_random.Next(2) == 0)
        {
            Add("delete", name);
            _at += _random.Next(3, 30);
        }

        Add("create", name, "multiRegion=true", $"replicaRegions={Worlds.StartingPoint.Elsewhere}");
        _at += _random.Next(2) == 0 ? _random.Next(5, 30) : _random.NextDouble() * 2;
        Changes(
            () => $"primaryRegion={Pick(["null", Worlds.StartingPoint.Home, Worlds.StartingPoint.Elsewhere])}",
            ["UpdatePrimaryRegion", "ReplicateKey", "PutKeyPolicy", "EnableKeyRotation", "ScheduleKeyDeletion"], []);
    }

    /// <summary>Classes change, go and come back, and resources move from one to another, which they can while they have no key.</summary>
    private void MoveClasses()
    {
        var name = Names[0];
        Trouble(["CreateKey", "CreateAlias", "UpdateAlias", "DeleteAlias", "Sts"], ["CreateKey", "CreateAlias", "patch/servicekeys", "apply/servicekeys"]);
        var keyClass = Pick(["standard", "strict"]);
        switch (_random.Next(6))
        {
            case 0:
                Add("edit-class", keyClass, $"aliasPrefix=p{_random.Next(2)}");
                break;
            case 1:
                Add("default-class", keyClass);
                break;
            case 2:
                Add("delete", name);
                _at += _random.NextDouble() * 3;
                Add("create", name, $"className={Pick(["null", "standard", "strict"])}");
                _at += _random.NextDouble() * 0.4;
                Add("edit", name, $"className={keyClass}");
                break;
            case 3:
                Add("edit", name, $"className={keyClass}");
                break;
            case 4:
                Add("erase-status", name);
                Add("edit", name, $"className={keyClass}");
                break;
            default:
                Add("delete-class", keyClass);
                _at += _random.Next(2) == 0 ? _random.Next(1, 20) : _random.NextDouble();
                Add("create-class", keyClass);
                break;
        }
    }

    /// <summary>What a resource does to its key when it goes, and whether it does anything at all, changes again and again.</summary>
    private void ChangePolicies()
    {
        var name = Names[0];
        Trouble(
            ["DisableKey", "EnableKey", "TagResource", "UntagResource", "ScheduleKeyDeletion", "CancelKeyDeletion"], ["DisableKey", "EnableKey", "TagResource", "patch/servicekeys"]);
        switch (_random.Next(6))
        {
            case 0:
                Add("edit", name, Policy(), $"enabled={(_random.Next(2) == 0 ? "true" : "false")}");
                break;
            case 1:
                Add("edit", name, "managementPolicy=Observe");
                _at += _random.Next(2) == 0 ? _random.Next(5, 30) : _random.NextDouble();
                Add("edit", name, "managementPolicy=Full", Policy());
                break;
            case 2:
                Add("delete-namespace", "team-a");
                Wait();
                Add("create-namespace", "team-a");
                Add("create", name, Policy());
                break;
            default:
                if (_random.Next(2) == 0)
                    Add("edit", name, Policy());
                DeleteAndMakeAgain(name, Policy);
                break;
        }

        string Policy() => $"deletionPolicy={Pick(["Retain", "Delete", "Disable", "Disable"])}";
    }

    /// <summary>A resource is deleted and made again. While it is being deleted it can still be changed.</summary>
    private void DeleteAndMakeAgain(string name, Func<string> policy)
    {
        Add("delete", name);
        if (_random.Next(2) == 0)
        {
            _at += _random.NextDouble() * 0.3;
            Add("edit", name, policy());
        }

        Wait();
        Add("create", name, policy());
    }

    /// <summary>One kind of thing happens a few times.</summary>
    private void Repeat(Action what)
    {
        var times = _random.Next(2, 6);
        for (var time = 0; time < times; time++)
        {
            what();
            Wait();
        }
    }

    /// <summary>A resource is to take over a key that others made, or that another resource has or has left.</summary>
    private void Adopt()
    {
        var name = Pick(Names[..2]);
        var alias = $"{Pick(Aliases)}{_random.Next(2)}";
        Trouble(["TagResource", "DescribeKey", "PutKeyPolicy", "UntagResource", "UpdateAlias"], ["TagResource", "PutKeyPolicy", "patch/servicekeys", "apply/servicekeys"]);
        switch (_random.Next(6))
        {
            case 0:
                Add("delete", name);
                break;
            case 1:
                Add("edit", name, Pick(["managementPolicy=Observe", "managementPolicy=Full", "adopt=null", "deletionPolicy=Delete"]));
                break;
            case 2:
                Add("erase-status", name);
                break;
            default:
                Add("kms-create", alias);
                _at += _random.NextDouble();
                break;
        }

        string[] what = _random.Next(3) == 0 ? [$"adoptKeyOf={Pick(Names)}"] : [$"adopt={alias}", .. _random.Next(2) == 0 ? [$"alias={alias}"] : (string[])[]];
        if (_random.Next(3) > 0)
            Add("delete", name);
        _at += _random.NextDouble() * 2;
        Add("create", name, [.. what, .. _random.Next(4) == 0 ? ["managementPolicy=Observe"] : (string[])[]]);
        if (_random.Next(4) == 0)
            Add("create", Names[2], what);
    }

    /// <summary>Somebody protects a key, or uses it, while its resource is deleted with it.</summary>
    private void Guard()
    {
        var name = Names[0];
        Trouble(["ScheduleKeyDeletion", "TagResource", "GetKeyLastUsage", "DeleteAlias"], ["ScheduleKeyDeletion", "TagResource", "patch/servicekeys"]);
        for (var i = _random.Next(1, 4); i > 0; i--)
        {
            switch (_random.Next(6))
            {
                case 0 or 1:
                    Add("protect", name, Pick(["true", "true", "false"]));
                    break;
                case 2:
                    Add("kms-use", name);
                    break;
                case 3:
                    Add("confirm-deletion", name);
                    break;
                default:
                    Add("edit", name, $"deletionPolicy={Pick(["Delete", "Delete", "Retain"])}");
                    break;
            }

            _at += _random.NextDouble();
        }

        Add("delete", name);
        Wait();
        if (_random.Next(2) == 0)
        {
            var what = Pick(["protect", "kms-use", "confirm-deletion"]);
            Add(what, name, what == "protect" ? ["false"] : []);
        }
        else if (_random.Next(4) == 0)
            Add("delete-namespace", "team-a");
        Wait();
        Add("create-namespace", "team-a");
        Add("create", name, "deletionPolicy=Delete");
    }

    /// <summary>A key is gone for good, and another one is to be made in its place, or not.</summary>
    private void Lose()
    {
        var name = Names[0];
        Trouble(["CreateKey", "CreateAlias", "DescribeKey"], ["CreateKey", "CreateAlias", "patch/servicekeys", "apply/servicekeys"]);
        if (_random.Next(3) == 0)
            Add("delete", name);
        else
            Add("kms-schedule-deletion", name);
        _at += _random.Next(61, 75);
        if (_random.Next(3) == 0)
            Add(Pick(["kill", "drop-watches", "pause"]), Operator());
        Add("kms-destroy", name);
        Wait();
        Add(Pick(["edit", "edit", "create"]), name, $"recreateLostKey={Pick(["true", "true", "false"])}");
        if (_random.Next(4) == 0)
        {
            Wait();
            Add("delete", name);
            Wait();
            Add("create", name);
        }
    }

    /// <summary>A class leads to another Region for a while, or to another account, by mistake.</summary>
    private void Mislead()
    {
        var toAccount = _random.Next(2) == 0;
        var name = Names[0];
        var keyClass = Pick(["standard", "standard", "strict"]);
        Trouble(["CreateKey", "CreateAlias", "ScheduleKeyDeletion", "TagResource", "Sts"], ["CreateKey", "CreateAlias", "patch/servicekeys", "apply/servicekeys"]);
        if (_random.Next(2) == 0)
            Add("edit", name, $"deletionPolicy={Pick(["Retain", "Delete", "Disable"])}");
        Add(
            "edit-class",
            keyClass,
            toAccount ? [$"region={Worlds.StartingPoint.Abroad}", $"roleArn=arn:aws:iam::{Worlds.KmsService.AccountAbroad}:role/kms-operator"] : [$"region={Worlds.StartingPoint.Elsewhere}"]);
        _at += _random.NextDouble() * 2;
        for (var i = _random.Next(1, 4); i > 0; i--)
        {
            switch (_random.Next(6))
            {
                case 0:
                    Add("create", Names[1], SpecThere());
                    break;
                case 1:
                    Add("delete", name);
                    break;
                case 2:
                    Add("delete", name);
                    _at += _random.NextDouble();
                    Add("create", name, SpecThere());
                    break;
                case 3:
                    Add("edit", name, $"alias={Pick(Aliases)}{_random.Next(2)}");
                    break;
                case 4:
                    Add("erase-status", name);
                    break;
                default:
                    Add("kill", Operator());
                    break;
            }

            Wait();
        }

        Add("edit-class", keyClass, toAccount ? [$"region={Worlds.StartingPoint.Home}", "roleArn=null"] : [$"region={Worlds.StartingPoint.Home}"]);
        Wait();
        Add("create", name, Spec());

        // A replica would be in a Region of the first account, and a Region tells the account.
        string[] SpecThere() => toAccount ? [.. Spec().Where(one => one.Split('=') is not ["multiRegion" or "replicaRegions", _])] : Spec();
    }

    /// <summary>A key gets its material from a Secret, which changes, or is not there; people delete the material in KMS, or it expires.</summary>
    private void Import()
    {
        const string name = "team-a/imported";
        string[] secrets = ["team-a/material-a", "team-a/material-b"];
        string[] spec = ["origin=EXTERNAL", "material=material-a", .. _random.Next(3) switch { 0 => (string[])["multiRegion=true", $"replicaRegions={Worlds.StartingPoint.Elsewhere}"], 1 => ["keySpec=HMAC_256", "keyUsage=GENERATE_VERIFY_MAC"], _ => [] }];
        if (_random.Next(3) > 0)
            Add("put-secret", secrets[0], "m0");
        Add("create", name, [.. spec, .. _random.Next(4) == 0 ? [ValidTo()] : (string[])[], $"deletionPolicy={Pick(["Retain", "Delete"])}"]);
        for (var i = _random.Next(2, 7); i > 0; i--)
        {
            Trouble(["GetParametersForImport", "ImportKeyMaterial", "RotateKeyOnDemand", "CreateKey", "ReplicateKey"], ["ImportKeyMaterial", "RotateKeyOnDemand", "CreateKey", "apply/servicekeys", "get/secrets"]);
            switch (_random.Next(14))
            {
                case < 4:
                    Add("put-secret", Pick(secrets), $"m{_random.Next(3)}");
                    break;
                case 4:
                    Add("delete-secret", secrets[0]);
                    break;
                case < 7:
                    Add("kms-delete-material", name);
                    break;
                case 7:
                    Add("edit", name, $"material={Pick(["material-a", "material-b", "null"])}");
                    break;
                case 8:
                    Add("edit", name, $"enabled={Pick(["true", "false"])}");
                    break;
                case 9:
                    Add("erase-status", name);
                    break;
                case 10:
                    Add("delete", name);
                    Wait();
                    Add("create", name, [.. spec, $"deletionPolicy={Pick(["Retain", "Delete"])}"]);
                    break;
                case 11:
                    Add("kill", Operator());
                    break;
                default:
                    Add("edit", name, "material=material-a", _random.Next(3) == 0 ? "validTo=null" : ValidTo());
                    break;
            }

            Wait();
        }

        string ValidTo() => $"validTo={_random.Next(3, 60)}";
    }

    /// <summary>What may go wrong while something changes: calls fail, the operator dies at a request, its watches are late.</summary>
    private void Trouble(string[] failing, string[] killing)
    {
        if (_random.Next(2) == 0)
            Add("fail-aws", Pick(failing), Pick(AwsFaults), $"{_random.Next(1, 3)}");
        if (_random.Next(3) == 0)
            Add("kill-at", Operator(), Pick(killing), "1");
        if (_random.Next(4) == 0)
            Add("watch-lag", Operator(), $"{_random.Next(0, 5)}");
    }

    /// <summary>Most things happen within two seconds, and sometimes a while passes.</summary>
    private void Wait() => _at += _random.Next(3) == 0 ? _random.Next(5, 30) : _random.NextDouble() * 2;
}
