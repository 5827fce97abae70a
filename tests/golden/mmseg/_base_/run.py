decay = 2.5e-4
optim_wrapper = dict(type='AmpOptimWrapper', loss_scale=512.)
param_scheduler = [dict(type='PolyLR', eta_min=1e-4, power=0.9, begin=0, end=400, by_epoch=False)]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=400, val_interval=200)
val_cfg = dict(type='ValLoop')
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=10, log_metric_by_epoch=False),
    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=4000))
randomness = dict(seed=3, deterministic=False)
log_level = 'INFO'
resume = False
