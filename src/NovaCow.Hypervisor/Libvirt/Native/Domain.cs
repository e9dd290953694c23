namespace NovaCow.Hypervisor.Libvirt.Native;

/// <summary>One domain, whose methods wait for libvirt and throw what it says.</summary>
internal sealed unsafe class Domain : IDisposable
{
    private readonly DomainHandle _handle;

    public Domain(DomainHandle handle)
    {
        if (handle.IsInvalid)
            throw LibvirtException.Last();
        _handle = handle;
        Name = LibvirtLibrary.Text(LibvirtNative.virDomainGetName(handle));
        var text = stackalloc byte[LibvirtNative.UuidStringBytes];
        LibvirtException.Check(LibvirtNative.virDomainGetUUIDString(handle, text));
        Uuid = LibvirtLibrary.Text(text);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its identity.</summary>
    public string Uuid { get; }

    /// <summary>Whether it runs, or is paused.</summary>
    public bool IsActive => LibvirtException.Check(LibvirtNative.virDomainIsActive(_handle)) > 0;

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    /// <summary>How it is, and a reason whose meaning depends on that.</summary>
    public (DomainState State, int Reason) State()
    {
        LibvirtException.Check(
            LibvirtNative.virDomainGetState(_handle, out var state, out var reason, 0));
        return ((DomainState)state, reason);
    }

    /// <summary>Its XML: of what runs, or of its definition.</summary>
    public string Xml(bool inactive) => LibvirtLibrary.TakeText(
        LibvirtNative.virDomainGetXMLDesc(_handle, inactive ? LibvirtFlags.XmlInactive : 0));

    /// <summary>The metadata of this namespace; null: it has none.</summary>
    public string? Metadata(string uri)
    {
        var text = LibvirtNative.virDomainGetMetadata(
            _handle, LibvirtFlags.MetadataElement, uri, 0);
        if (text is not null)
            return LibvirtLibrary.TakeText(text);
        var failure = LibvirtException.Last();
        return failure.Code == LibvirtCode.NoMetadata ? null : throw failure;
    }

    /// <summary>Starts it.</summary>
    public void Create() => LibvirtException.Check(LibvirtNative.virDomainCreate(_handle));

    /// <summary>Presses its power button, or what its driver has in place of one.</summary>
    public void PressPowerButton()
    {
        if (LibvirtNative.virDomainShutdownFlags(_handle, LibvirtFlags.ShutdownAcpi) >= 0)
            return;
        var failure = LibvirtException.Last();
        if (!IsRefusalOfFlags(failure))
            throw failure;
        LibvirtException.Check(LibvirtNative.virDomainShutdownFlags(_handle, 0));
    }

    /// <summary>Lets its guest stand still.</summary>
    public void Suspend()
    {
        if (LibvirtNative.virDomainSuspend(_handle) < 0)
            throw LibvirtException.Last();
    }

    /// <summary>Lets its guest go on.</summary>
    public void Resume()
    {
        if (LibvirtNative.virDomainResume(_handle) < 0)
            throw LibvirtException.Last();
    }

    /// <summary>Ends it; one that does not run is no error.</summary>
    public void Destroy()
    {
        if (LibvirtNative.virDomainDestroyFlags(_handle, 0) >= 0)
            return;
        var failure = LibvirtException.Last();
        if (failure.Code is not (LibvirtCode.OperationInvalid or LibvirtCode.NoDomain))
            throw failure;
    }

    /// <summary>Removes its definition and all that libvirt keeps for it; one that has none is no
    /// error.</summary>
    public void Undefine()
    {
        const uint most = LibvirtFlags.UndefineManagedSave | LibvirtFlags.UndefineSnapshots
            | LibvirtFlags.UndefineCheckpoints;
        const uint all = most | LibvirtFlags.UndefineNvram | LibvirtFlags.UndefineTpm;
        foreach (var flags in (ReadOnlySpan<uint>)[all, most, 0])
        {
            if (LibvirtNative.virDomainUndefineFlags(_handle, flags) >= 0)
                return;
            var failure = LibvirtException.Last();
            if (failure.Code is LibvirtCode.NoDomain or LibvirtCode.OperationInvalid)
                return;
            if (flags == 0 || !IsRefusalOfFlags(failure))
                throw failure;
        }
    }

    /// <summary>Plugs a device in, and adds it to the definition.</summary>
    public void AttachDevice(string xml) =>
        LibvirtException.Check(LibvirtNative.virDomainAttachDeviceFlags(
            _handle, xml, LibvirtFlags.AffectLive | LibvirtFlags.AffectConfig));

    /// <summary>Asks the guest to let go of a device; whether it does an event tells.</summary>
    public void AskToDetach(string alias) => LibvirtException.Check(
        LibvirtNative.virDomainDetachDeviceAlias(_handle, alias, LibvirtFlags.AffectLive));

    /// <summary>Takes a device out of the definition.</summary>
    public void RemoveFromDefinition(string xml) => LibvirtException.Check(
        LibvirtNative.virDomainDetachDeviceFlags(_handle, xml, LibvirtFlags.AffectConfig));

    /// <summary>The size of a disk, as the guest sees it.</summary>
    /// <param name="device">Its target, for example <c>vda</c>.</param>
    public long CapacityBytes(string device)
    {
        LibvirtException.Check(
            LibvirtNative.virDomainGetBlockInfo(_handle, device, out var info, 0));
        return (long)info.Capacity;
    }

    /// <summary>Begins to copy disks into files that exist; an event tells when it has ended.
    /// </summary>
    public void BeginBackup(string xml) =>
        LibvirtException.Check(LibvirtNative.virDomainBackupBegin(
            _handle, xml, null, LibvirtFlags.BackupReuseExternal));

    /// <summary>The XML of the copying that goes on; null: none does.</summary>
    public string? BackupXml()
    {
        var text = LibvirtNative.virDomainBackupGetXMLDesc(_handle, 0);
        if (text is not null)
            return LibvirtLibrary.TakeText(text);
        var failure = LibvirtException.Last();
        return failure.Code is LibvirtCode.NoBackup ? null : throw failure;
    }

    /// <summary>How its job goes, or how the last one ended.</summary>
    public JobStatistics Job(bool last)
    {
        var flags = last ? LibvirtFlags.JobCompleted | LibvirtFlags.JobKeepCompleted : 0;
        LibvirtException.Check(LibvirtNative.virDomainGetJobStats(
            _handle, out var type, out var values, out var count, flags));
        var job = JobStatistics.Read((JobType)type, values, count);
        LibvirtNative.virTypedParamsFree(values, count);
        return job;
    }

    /// <summary>Ends its job; none is no error.</summary>
    public void AbortJob()
    {
        if (LibvirtNative.virDomainAbortJob(_handle) >= 0)
            return;
        var failure = LibvirtException.Last();
        if (failure.Code is not LibvirtCode.OperationInvalid)
            throw failure;
    }

    /// <summary>Quiesces the guest's file systems.</summary>
    /// <returns>Whether an agent in the guest did.</returns>
    public bool TryFreeze() => LibvirtNative.virDomainFSFreeze(_handle, 0, 0, 0) >= 0;

    /// <summary>Lets the guest's file systems go on.</summary>
    public void Thaw() =>
        LibvirtException.Check(LibvirtNative.virDomainFSThaw(_handle, 0, 0, 0));

    private static bool IsRefusalOfFlags(LibvirtException failure) => failure.Code
        is LibvirtCode.InvalidArgument or LibvirtCode.ArgumentUnsupported;
}
