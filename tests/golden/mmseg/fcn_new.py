"""FCN as a configuration of mmsegmentation 1.x says it: on top of others, with what is read and not executed."""
_base_ = ['_base_/fcn.py', './_base_/data.py', '_base_/run.py']
crop_size = (2 * 128, 3 * 128)  # height, width
model = dict(
    data_preprocessor=dict(size=crop_size),
    pretrained=None,
    backbone=dict(depth=18, dilations=(1, 1, 1, 2), strides=(1, 2, 2, 1)),
    decode_head=dict(in_channels=512, channels=sum([64, 64]), num_convs=1, concat_input=False),
    auxiliary_head=None,
    test_cfg=dict(_delete_=True, mode='whole'))
train_dataloader = dict(batch_size=3, dataset=dict(pipeline={{_base_.augmentation}}))
optim_wrapper = dict(
    _delete_=True, type='AmpOptimWrapper', dtype='bfloat16', loss_scale='dynamic',
    optimizer=dict(type='SGD', lr=1e-2 / 4, momentum=1 - 0.1, weight_decay=_base_.decay * 2),
    accumulative_counts=2)
default_hooks = dict(checkpoint=dict(interval=50 + 50))
